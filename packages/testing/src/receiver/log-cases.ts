import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import type { ReceiverTest } from './scene.ts'
import { signatureHeaders, bodyText, withBody } from './sender.ts'

const LEAST = 8

/** Secrets and signatures stay out of logs and replies. */
export function logCases(test: ReceiverTest): void {
  test('no log and no reply has the secret or a signature', async (scene) => {
    const names = signatureHeaders(scene.sender, scene.makeSecret)
    const valid = scene.signed('valid')
    const forged = scene.signed('forged', { secret: scene.makeSecret() })
    const stale = scene.signed('stale', { at: Date.now() - 2 * scene.tolerance * 1000 })
    const tampered = withBody(scene.signed('tampered'), `${bodyText(valid)} `)
    const replies: string[] = []
    for (const request of [valid, forged, stale, tampered])
      replies.push((await scene.post(request)).text)
    scene.tell('fail', true)
    const failing = scene.signed('failing')
    replies.push((await scene.post(failing)).text)
    await scene.untilAnswered('fail')
    scene.tell('fail', false)
    await scene.deliver('failing')
    await scene.untilEffects(['failing'])
    const { receiver } = scene
    await scene.restart('stop')
    const seen = [await receiver.log(), await scene.receiver.log(), ...replies].join('\n')
    for (const form of formsOf(scene.secret))
      assert.ok(!seen.includes(form), 'a log or a reply has the secret')
    for (const { headers } of [valid, forged, stale, tampered, failing])
      for (const name of names)
        for (const part of partsOf(headers[name]!))
          assert.ok(!seen.includes(part), `a log or a reply has the signature of ${name}`)
  })
}

/** The secret as it is, without its prefix, and its bytes in hex. */
function formsOf(secret: string): readonly string[] {
  const bare = secret.slice(secret.indexOf('_') + 1)
  return [
    secret,
    bare,
    Buffer.from(bare, 'base64').toString('hex'),
    Buffer.from(secret).toString('hex'),
  ]
}

/** The parts of a signature header that are long enough to be the signature. */
function partsOf(value: string): readonly string[] {
  return value.split(/[ ,;]|^\w{1,8}=/).filter((part) => part.length > LEAST)
}
