import assert from 'node:assert/strict'
import { eventually, gate, storedDelivery, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, retryIn } from '../recorder.ts'
import type { JoinedReceiver, SceneTest } from '../scene.ts'

const HOUR = 3_600_000

/**
 * Asserts that event 1 ran only once. A second run would come before the run of `last`, because `last` is accepted
 * later.
 */
async function ranOnce(shop: JoinedReceiver): Promise<void> {
  await shop.settle(2, item('last'))
  assert.deepEqual(shop.ran(), ['a:1', 'a:last'])
}

/** Defines one test for each state of the event. The titles continue the title of the group, "a redelivery". */
export function duplicateCases(test: SceneTest): void {
  test('of a pending event: a duplicate, and it runs once', async (scene) => {
    const shop = scene.join({ work: false })
    await shop.accept(item('1'))
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
    shop.work()
    await ranOnce(shop)
  })

  test('of a running event: a duplicate', async (scene) => {
    const open = gate()
    const shop = scene.join({ run: () => open.passed.then(() => DONE_OUTCOME) })
    await shop.start(1, item('1'))
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
    open.pass()
    await ranOnce(shop)
  })

  test('for all of the stated window: a duplicate', async (scene) => {
    const { dedupeWindow: window } = scene.inbox
    const shop = scene.join({ retrySpan: window })
    const early = storedDelivery({ receivedAt: Date.now() - window + 60_000 })
    await shop.port.accept({ delivery: early, items: [item('1')] }, {})
    await shop.untilSettled(1)
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
  })

  test('of a done event: a duplicate', async (scene) => {
    const shop = scene.join()
    await shop.settle(1, item('1'))
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
    await ranOnce(shop)
  })

  test('of an event that failed and waits: revived, and it runs now instead of in an hour', async (scene) => {
    const shop = scene.join({
      run: ({ attempt }) => (attempt === 1 ? retryIn(HOUR) : DONE_OUTCOME),
    })
    await shop.settle(1, item('1'))
    assert.deepEqual(await shop.accept(item('1')), ['revived'])
    await shop.untilSettled(2)
    assert.deepEqual(shop.settled[1]!.outcome, DONE_OUTCOME)
  })

  test('a second delivery of a postponed event is a duplicate, and the event keeps waiting', async (scene) => {
    const shop = scene.join({
      run: ({ event }) =>
        event.id === '1' ? { kind: 'postpone', at: Date.now() + HOUR } : DONE_OUTCOME,
    })
    await shop.settle(1, item('1'))
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
    await ranOnce(shop)
  })

  test('of an event with a dead task: revived from attempt 1, and a done sibling does not run', async (scene) => {
    let broken = true
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: ({ subscription }) => (subscription === 'b' && broken ? DEAD_OUTCOME : DONE_OUTCOME),
    })
    await shop.settle(2, item('1', ['a', 'b']))
    broken = false
    assert.deepEqual(await shop.accept(item('1', ['a', 'b'])), ['revived'])
    await shop.untilSettled(3)
    await shop.settle(5, item('last', ['a', 'b']))
    assert.equal(shop.ran().filter((ran) => ran === 'a:1').length, 1)
    assert.deepEqual(
      shop.runs.filter(({ claim }) => claim.subscription === 'b').map(({ claim }) => claim.attempt),
      [1, 1, 1],
    )
    assert.deepEqual(await shop.accept(item('1', ['a', 'b'])), ['duplicate'])
  })

  test('two events of one key in one delivery: the second is a duplicate', async (scene) => {
    const shop = scene.join()
    assert.deepEqual(await shop.accept(item('1'), item('1')), ['new', 'duplicate'])
    await ranOnce(shop)
  })

  test('keys that differ in case, a blank at the end or the form of a letter are different events', async (scene) => {
    const shop = scene.join()
    const ids = ['evt_a', 'EVT_A', 'evt_a ', 'evt_\u00e9', 'evt_e\u0301']
    for (const id of ids) assert.deepEqual(await shop.accept(item(id)), ['new'])
    for (const id of ids) assert.deepEqual(await shop.accept(item(id)), ['duplicate'])
    await shop.untilSettled(ids.length)
    assert.deepEqual(new Set(shop.ran()), new Set(ids.map((id) => `a:${id}`)))
  })

  test('a delivery that mixes known and new events: only the new ones run', async (scene) => {
    const shop = scene.join()
    await shop.settle(2, item('1'), item('2'))
    const taken = await shop.accept(item('2'), item('3'), item('1'))
    assert.deepEqual(taken, ['duplicate', 'new', 'duplicate'])
    await shop.untilSettled(3)
    assert.deepEqual(shop.ran(), ['a:1', 'a:2', 'a:3'])
  })

  test('the same event accepted many times at once is new once', async (scene) => {
    const shop = scene.join()
    const taken = await Promise.all(Array.from({ length: 20 }, async () => shop.accept(item('1'))))
    assert.equal(taken.filter(([one]) => one === 'new').length, 1)
    await shop.settle(2, item('last'))
    assert.equal(shop.runs.length, 2)
  })

  test('of a dead event, many times at once: it is revived once', async (scene) => {
    let broken = true
    const run = () => (broken ? DEAD_OUTCOME : DONE_OUTCOME)
    const shop = scene.join({ run })
    const inbox = (await scene.handle.another?.()) ?? undefined
    const other = inbox ? scene.join({ inbox, run }) : shop
    await shop.accept(item('1'))
    const ran = (): number => new Set([...shop.runs, ...other.runs]).size
    await eventually(
      'it is dead',
      async () => (await scene.view.list({ state: 'dead' })).rows.length > 0,
    )
    broken = false
    await Promise.all(
      Array.from({ length: 20 }, async (_, at) => (at % 2 ? shop : other).accept(item('1'))),
    )
    await shop.accept(item('last'))
    await eventually('both are done', () => ran() >= 3)
    assert.equal(ran(), 3)
  })

  test('the set of tasks is fixed when the event first comes', async (scene) => {
    let broken = true
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME),
    })
    await shop.settle(1, item('1', ['a']))
    broken = false
    assert.deepEqual(await shop.accept(item('1', ['a', 'b'])), ['revived'])
    await shop.untilSettled(2)
    assert.deepEqual(await shop.accept(item('1', ['b'])), ['duplicate'])
    await shop.settle(3, item('last', ['b']))
    assert.deepEqual(shop.ran(), ['a:1', 'a:1', 'b:last'])
  })
}
