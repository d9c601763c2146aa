import assert from 'node:assert/strict'
import type { SignableRequest } from '@postern/core/scheme'
import type { ReceiverScene, ReceiverTest } from './scene.ts'
import { isTaken } from './scene.ts'
import { signatureHeaders, bodyText, withBody } from './sender.ts'

const WHITE_SPACE = ' \r\n\t'
// Each member comes back otherwise, or not at all, from JSON.stringify(JSON.parse(…)).
const UNUSUAL = String.raw`{ "twice": 1,"twice" : 2, "big": 12345678901234567890, "one": 1.0, "e": 1e2, "slash": "\/", "ü": "\u00fc",`

/** Only what the sender signed is taken, byte for byte, and only as long as its signature is fresh. */
export function signatureCases(test: ReceiverTest): void {
  test('a delivery that was tampered with is refused and has no effect', async (scene) => {
    const names = signatureHeaders(scene.sender, scene.makeSecret)
    const signed = scene.signed('forged')
    const text = bodyText(signed)
    await refused(scene, 'another body', withBody(signed, text.replace('thing-1', 'thing-2')))
    await refused(scene, 'more body', withBody(signed, `${text}x`))
    await refused(scene, 'no body', withBody(signed, ''))
    await refused(scene, 'another secret', scene.signed('forged', { secret: scene.makeSecret() }))
    await refused(scene, 'no signature', changed(signed, names, undefined))
    await refused(scene, 'an empty signature', changed(signed, names, ''))
    if (scene.sender.covers.id && signed.headers['webhook-id'] !== undefined)
      await refused(scene, 'another id', {
        ...scene.signed('other'),
        headers: { ...scene.signed('other').headers, 'webhook-id': 'forged' },
      })
    await withoutEffect(scene, 'forged')
  })

  test('a body is verified as it came: white space, escapes and doubled keys are taken', async (scene) => {
    const text = bodyText(scene.signed('unusual'))
    const body = WHITE_SPACE + text.replace('{', UNUSUAL) + WHITE_SPACE
    await scene.deliver('unusual', { body })
    await scene.untilEffects(['unusual'])
  })

  test('a body that reads alike but has other bytes than were signed is refused', async (scene) => {
    const signed = scene.signed('alike')
    const text = bodyText(signed)
    await refused(scene, 'white space', withBody(signed, text.replace('{', '{ ')))
    await refused(
      scene,
      'an escape',
      withBody(signed, text.replace('thing-1', String.raw`thin\u0067-1`)),
    )
    await withoutEffect(scene, 'alike')
  })
}

/** Signed times, if the signature covers one. */
export function timeCases(test: ReceiverTest): void {
  for (const [kind, sign] of [
    ['a stale delivery', -1],
    ['a delivery from the future', 1],
  ] as const)
    test(`${kind} is refused and has no effect`, async (scene) => {
      const at = Date.now() + sign * 2 * scene.tolerance * 1000
      await refused(scene, kind, scene.signed('untimely', { at }))
      await withoutEffect(scene, 'untimely')
    })
}

async function refused(
  scene: ReceiverScene,
  what: string,
  request: SignableRequest,
): Promise<void> {
  const { status, text } = await scene.post(request)
  assert.ok(!isTaken(status), `${what}: it was acknowledged with ${status}`)
  assert.ok(status >= 400 && status < 500, `${what}: expected 4xx, got ${status} ${text}`)
}

async function withoutEffect(scene: ReceiverScene, id: string): Promise<void> {
  await scene.settle()
  assert.equal(await scene.count(id), 0, `${id} had an effect`)
}

function changed(
  request: SignableRequest,
  names: readonly string[],
  value: string | undefined,
): SignableRequest {
  const headers = Object.entries(request.headers).flatMap(([name, old]) => {
    if (!names.includes(name)) return [[name, old] as const]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...request, headers: Object.fromEntries(headers) }
}
