import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { storedDelivery, event, item } from '../make.ts'
import type { SceneTest } from '../scene.ts'

export function acceptCases(test: SceneTest): void {
  test('every event of a delivery is accepted, and each of its subscriptions gets a task', async (scene) => {
    const shop = scene.join({ lanes: ['a', 'b'] })
    const taken = await shop.accept(item('1', ['a', 'b']), item('2', ['b']))
    assert.deepEqual(taken, ['new', 'new'])
    await shop.untilSettled(3)
    assert.deepEqual([...shop.ran()].sort(), ['a:1', 'b:1', 'b:2'])
    assert.ok(shop.settled.every(({ stored, outcome }) => stored && outcome.kind === 'done'))
  })

  test('a claim carries the event and the delivery as they were accepted', async (scene) => {
    const shop = scene.join({ work: false })
    const whole = event('1', {
      tenant: 'tenant-7',
      payload: { list: [1, 'two', null], deep: { a: true } },
    })
    const from = storedDelivery({
      body: Buffer.from([0, 255, 128, 10, 13]),
      context: { tenant: 'seven' },
      receivedAt: 1_700_000_000_123,
    })
    await shop.port.accept(
      { delivery: from, items: [{ event: whole, tasks: [{ subscription: 'a' }] }] },
      {},
    )
    shop.work()
    await shop.untilSettled(1)
    const { claim } = shop.runs[0]!
    assert.deepEqual({ ...claim.event }, { ...whole })
    assert.deepEqual(Buffer.from(claim.delivery.body), Buffer.from(from.body))
    assert.deepEqual(
      claim.delivery.headers.map((line) => [...line]),
      from.headers.map((line) => [...line]),
    )
    assert.deepEqual(
      [
        claim.delivery.method,
        claim.delivery.url,
        claim.delivery.receivedAt,
        claim.delivery.context,
      ],
      [from.method, from.url, from.receivedAt, from.context],
    )
    assert.equal(claim.subscription, 'a')
    assert.equal(claim.attempt, 1)
  })

  test('payloads keep what JSON has not: big integers and bytes', async (scene) => {
    const shop = scene.join({ work: false })
    const payload = {
      big: 12345678901234567890n,
      bytes: Buffer.from([0, 200, 255]),
      '\u0000n': 'no mark',
    }
    await shop.accept(item('1', ['a'], { payload }))
    shop.work()
    await shop.untilSettled(1)
    const got = shop.runs[0]!.claim.event.payload as typeof payload
    assert.equal(got.big, payload.big)
    assert.deepEqual(Buffer.from(got.bytes), payload.bytes)
    assert.equal(got['\u0000n'], 'no mark')
  })

  test('a payload that is the body comes back whole, exact integers included', async (scene) => {
    const shop = scene.join({ work: false })
    const body = Buffer.from('\ufeff{ "id": 12345678901234567890, "name": "größer" }')
    const payload = { id: 12345678901234567890n, name: 'größer' }
    const items = [item('1', ['a'], { payload, source: 'exact' })]
    await shop.port.accept({ delivery: storedDelivery({ body }), items }, {})
    shop.work()
    await shop.untilSettled(1)
    assert.deepEqual(shop.runs[0]!.claim.event.payload, payload)
  })

  test('events without an identity are not duplicates', async (scene) => {
    const shop = scene.join()
    const one = item('x', ['a'], { key: '~1', dedupe: false, id: undefined })
    const two = item('x', ['a'], { key: '~2', dedupe: false, id: undefined })
    assert.deepEqual(await shop.accept(one, two), ['new', 'new'])
    await shop.untilSettled(2)
    assert.equal(shop.runs[0]!.claim.event.id, undefined)
  })

  test('receivers and tenants do not share identities', async (scene) => {
    const shop = scene.join({ receiver: 'shop' })
    const bank = scene.join({ receiver: 'bank' })
    const scoped = item('1', ['a'], { key: '5:other:1', tenant: 'other' })
    assert.deepEqual(await shop.accept(item('1'), scoped), ['new', 'new'])
    assert.deepEqual(await bank.accept(item('1')), ['new'])
    await Promise.all([shop.untilSettled(2), bank.untilSettled(1)])
  })

  test('deliveries that arrive at once are all accepted', async (scene) => {
    const shop = scene.join()
    const ids = Array.from({ length: 50 }, (_, at) => `e${at}`)
    const taken = await Promise.all(ids.map(async (id) => shop.accept(item(id))))
    assert.ok(taken.every(([one]) => one === 'new'))
    await shop.untilSettled(50)
    assert.deepEqual(new Set(shop.ran()), new Set(ids.map((id) => `a:${id}`)))
  })

  test('a second receiver of a name is a TypeError that gives the name', (scene) => {
    scene.join({ work: false })
    assert.throws(
      () => scene.join({ work: false }),
      (error) => error instanceof TypeError && error.message.includes('shop'),
    )
    return Promise.resolve()
  })
}
