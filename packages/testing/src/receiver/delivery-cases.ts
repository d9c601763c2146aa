import assert from 'node:assert/strict'
import { exchange } from '../adapter/client.ts'
import { isTaken, type ReceiverTest } from './scene.ts'

const LARGE = 1024 * 1024
const HUGE = 32 * LARGE
const AT_ONCE = 40

/** What is delivered has its effect, in whatever order, size and number it comes. */
export function deliveryCases(test: ReceiverTest): void {
  test('a signed delivery is acknowledged and has its effect once', async (scene) => {
    const { status, text } = await scene.post(scene.signed('first'))
    assert.ok(isTaken(status), `expected 2xx, got ${status} ${text}`)
    await scene.untilEffects(['first'])
    await scene.settle()
    assert.equal(await scene.count('first'), 1)
  })

  test('deliveries that come at once all have their effect', async (scene) => {
    const ids = Array.from({ length: AT_ONCE }, (_, at) => `crowd-${at}`)
    await Promise.all(ids.map((id) => scene.deliver(id)))
    await scene.untilEffects(ids)
  })

  test('an event that comes before an older one: both have their effect', async (scene) => {
    const now = Date.now()
    const minute = Math.min(60, scene.tolerance / 4) * 1000
    const deliver = (id: string, topic: string, at: number): Promise<void> =>
      scene.deliver(id, {
        at,
        topic,
        payload: { timestamp: new Date(at).toISOString(), data: { thing: 'thing-1' } },
      })
    await deliver('newer', 'thing.updated', now)
    await scene.untilEffects(['newer'])
    await deliver('older', 'thing.created', now - minute)
    await scene.untilEffects(['older'])
  })

  test('an event whose handler failed is handled in the end', async (scene) => {
    scene.tell('fail', true)
    const first = await scene.post(scene.signed('unlucky'))
    await scene.untilAnswered('fail')
    assert.equal(await scene.count('unlucky'), 0)
    scene.tell('fail', false)
    // A sender comes again after a refusal, and often after a 2xx too.
    await scene.deliver('unlucky')
    await scene.untilEffects(['unlucky'])
    assert.ok(first.status === 0 || isTaken(first.status) || first.status >= 400)
  })

  for (const [size, bytes] of [
    ['a megabyte', LARGE],
    ['32 megabytes', HUGE],
  ] as const)
    test(`a body of ${size} is taken or refused, and the next delivery is taken`, async (scene) => {
      const payload = { data: { text: 'x'.repeat(bytes) } }
      const { status } = await scene.post(scene.signed('large', { payload }))
      if (isTaken(status)) await scene.untilEffects(['large'])
      await scene.settle()
      assert.equal(await scene.count('large'), isTaken(status) ? 1 : 0)
    })

  test('a body that breaks off has no effect, and the next delivery is taken', async (scene) => {
    const { headers, body } = scene.signed('broken')
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    const length = `content-length: ${body.byteLength}`
    await exchange(scene.receiver.url, ['POST {target} HTTP/1.1', ...lines, length], (socket) => {
      socket.end(body.subarray(0, body.byteLength / 2))
    })
    await scene.settle()
    assert.equal(await scene.count('broken'), 0)
  })

  test('a path that is not its own: no 2xx without an effect', async (scene) => {
    const { url } = scene.receiver
    const other = new URL(`${new URL(url).pathname.replace(/\/$/, '')}/nowhere`, url).href
    const { status } = await scene.post(scene.signed('lost', { url: other }))
    if (isTaken(status)) await scene.untilEffects(['lost'])
    await scene.settle()
  })
}
