import assert from 'node:assert/strict'
import type { SignableRequest } from '@postern/core/scheme'
import { exchange } from '../adapter/client.ts'
import { isTaken, type ReceiverScene, type ReceiverTest } from './scene.ts'

const ROUNDS = 3
const BURST = 8

export function crashCases(test: ReceiverTest, exactlyOnce: boolean): void {
  test('what was acknowledged is done, though the process is killed at the reply', async (scene) => {
    for (let round = 0; round < ROUNDS; round++) {
      const ids = Array.from({ length: BURST }, (_, at) => `round-${round}-${at}`)
      const acknowledged = await killAtReply(scene, ids)
      // No event is delivered again yet, so the acknowledged events must come from the receiver's store.
      await scene.untilEffects(acknowledged)
      await Promise.all(ids.map((id) => scene.deliver(id)))
      await scene.untilEffects(ids)
    }
  })

  test('an event is handled in the end, although a crash cut off its handler', async (scene) => {
    scene.tell('wait', true)
    const request = scene.signed('cut')
    const reply = scene.post(request)
    await scene.untilAnswered('wait')
    await scene.restart('kill')
    scene.tell('wait', false)
    if (!isTaken((await reply).status)) await scene.deliver('cut')
    await scene.untilEffects(['cut'])
  })

  test(
    exactlyOnce
      ? 'a crash between the effect and its record: the effect happens once'
      : 'a crash between the effect and its record: the effect happens at least once',
    async (scene) => {
      scene.tell('linger', true)
      const reply = scene.post(scene.signed('lingering'))
      await scene.untilAnswered('linger')
      assert.equal(await scene.count('lingering'), 1)
      await scene.restart('kill')
      scene.tell('linger', false)
      await reply
      // A sender that got no reply delivers the event again.
      await scene.deliver('lingering')
      await scene.settle()
      const count = await scene.count('lingering')
      if (exactlyOnce) assert.equal(count, 1, 'the effect happened again after the crash')
      else assert.ok(count >= 1)
    },
  )
}

/** Delivers events in parallel, and kills the receiver at the first byte of a 2xx. Returns the ids that got a 2xx. */
async function killAtReply(
  scene: ReceiverScene,
  ids: readonly string[],
): Promise<readonly string[]> {
  const acknowledged: string[] = []
  let killed: Promise<void> | undefined
  await Promise.all(
    ids.map(async (id) => {
      const status = await firstByte(scene.signed(id), (seen) => {
        if (isTaken(seen)) killed ??= scene.restart('kill')
      })
      if (isTaken(status)) acknowledged.push(id)
    }),
  )
  assert.ok(killed, 'no delivery was acknowledged')
  await killed
  return acknowledged
}

/** Calls `seen` with the status at the first byte of the reply. Resolves to the status once the connection ended. */
async function firstByte(
  { url, headers, body }: SignableRequest,
  seen: (status: number) => void,
): Promise<number> {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const head = [
    'POST {target} HTTP/1.1',
    ...lines,
    `content-length: ${body.byteLength}`,
    'connection: close',
  ]
  const { status } = await exchange(url, head, (socket) => {
    socket.once('data', (part: Uint8Array) => {
      const first = /^HTTP\/1\.1 (\d{3})/.exec(String(part))
      seen(Number(first?.[1] ?? 0))
      socket.end()
    })
    socket.write(body)
  })
  return status
}
