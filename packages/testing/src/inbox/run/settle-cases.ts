import assert from 'node:assert/strict'
import { gate, item } from '../make.ts'
import type { TaskDraft } from '@postern/core/engine'
import { DONE_OUTCOME, lane, retryIn, type Settled } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

export function settleCases(test: SceneTest): void {
  test('a task is settled by itself: a sibling that fails does not run it again', async (scene) => {
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: ({ subscription, attempt }) =>
        subscription === 'b' && attempt < 3 ? retryIn(1) : DONE_OUTCOME,
    })
    await shop.settle(4, item('1', ['a', 'b']))
    assert.equal(shop.ran().filter((ran) => ran === 'a:1').length, 1)
    assert.equal(shop.ran().filter((ran) => ran === 'b:1').length, 3)
  })

  test('a retry is not before its time, and attempts are counted', async (scene) => {
    // Timers may fire slightly early, and clocks round to whole milliseconds.
    const early = 2
    const times: number[] = []
    const shop = scene.join({
      run({ attempt }) {
        if (attempt === 3) return DONE_OUTCOME
        const outcome = retryIn(60)
        times.push((outcome as { at: number }).at)
        return outcome
      },
    })
    await shop.settle(3, item('1'))
    assert.deepEqual(shop.attempts(), [1, 2, 3])
    assert.ok(shop.runs[1]!.at >= times[0]! - early, 'the second attempt came too early')
    assert.ok(shop.runs[2]!.at >= times[1]! - early, 'the third attempt came too early')
    assert.deepEqual(
      shop.settled.map(({ outcome }) => outcome.kind),
      ['retry', 'retry', 'done'],
    )
  })

  test('a task that waits does not keep the next ones waiting', async (scene) => {
    const shop = scene.join({
      lanes: [lane('a', { concurrency: 1 })],
      run: ({ event }) => (event.id === '1' ? retryIn(3_600_000) : DONE_OUTCOME),
    })
    await shop.settle(2, item('1'), item('2'))
    assert.deepEqual(shop.ran(), ['a:1', 'a:2'])
  })

  test('postponing uses no attempt', async (scene) => {
    let postponed = 0
    const shop = scene.join({
      run: () => (postponed++ < 2 ? { kind: 'postpone', at: Date.now() + 1 } : DONE_OUTCOME),
    })
    await shop.settle(3, item('1'))
    assert.deepEqual(shop.attempts(), [1, 1, 1])
  })

  test('children are stored with the end of their parent, each part once', async (scene) => {
    const child = (part: string) => ({ subscription: 'a', part, data: { to: part } })
    const shop = scene.join({
      run: ({ part }) =>
        part === undefined
          ? { kind: 'done', spawn: [child('x'), child('y'), child('x')] }
          : DONE_OUTCOME,
    })
    await shop.settle(3, item('1'))
    await shop.settle(4, item('2', [{ subscription: 'a', part: 'z' }]))
    assert.deepEqual([...shop.ran()].sort(), ['a:1', 'a:1~x', 'a:1~y', 'a:2~z'])
    const data = shop.runs.find(({ claim }) => claim.part === 'y')!.claim.data
    assert.deepEqual(data, { to: 'y' })
    assert.deepEqual(await shop.accept(item('1')), ['duplicate'])
  })

  test('a child that fails is tried again without its parent', async (scene) => {
    const shop = scene.join({
      run({ part, attempt }) {
        if (part === undefined) return { kind: 'done', spawn: [{ subscription: 'a', part: 'x' }] }
        return attempt === 1 ? retryIn(1) : DONE_OUTCOME
      },
    })
    await shop.settle(3, item('1'))
    assert.deepEqual(shop.ran(), ['a:1', 'a:1~x', 'a:1~x'])
  })

  test('no more attempts of a subscription at once than its concurrency', async (scene) => {
    const open = gate()
    let running = 0
    let most = 0
    const shop = scene.join({
      lanes: [lane('a', { concurrency: 2 })],
      async run() {
        most = Math.max(most, ++running)
        await open.passed
        running--
        return DONE_OUTCOME
      },
    })
    await shop.start(2, ...['1', '2', '3', '4', '5'].map((id) => item(id)))
    open.pass()
    await shop.untilSettled(5)
    assert.equal(most, 2)
  })

  test('a subscription whose handlers hang does not keep another waiting', async (scene) => {
    const open = gate()
    const shop = scene.join({
      lanes: [lane('a', { concurrency: 1 }), 'b'],
      run: ({ subscription }) =>
        subscription === 'a' ? open.passed.then(() => DONE_OUTCOME) : DONE_OUTCOME,
    })
    await shop.settle(1, item('1', ['a']), item('2', ['a']), item('3', ['b']))
    assert.equal(shop.settled[0]!.claim.subscription, 'b')
    open.pass()
    await shop.untilSettled(3)
  })

  test('an outcome that cannot be stored is buried with its reason, and holds up no other', async (scene) => {
    const open = gate()
    // A store that serializes tasks cannot accept this value. In an app, core rejects the value earlier.
    const odd = { subscription: 'a', part: 'x', data: { n: 1n } } as unknown as TaskDraft
    const shop = scene.join({
      async run({ event }) {
        await open.passed
        return event.id === 'odd' ? { kind: 'done', spawn: [odd] } : DONE_OUTCOME
      },
    })
    const ids = ['1', '2', 'odd', '3', '4']
    await shop.start(5, ...ids.map((id) => item(id)))
    open.pass()
    const told = (id: string): Settled | undefined =>
      shop.settled.find(({ claim }) => claim.event.id === id)
    await shop.until('all are reported', () => ids.every((id) => told(id) !== undefined))
    for (const id of ['1', '2', '3', '4'])
      assert.deepEqual([told(id)!.outcome.kind, told(id)!.stored], ['done', true])
    // An inbox that does not serialize tasks may accept the value.
    const { outcome, stored } = told('odd')!
    assert.equal(stored, true)
    if (outcome.kind === 'done') return
    assert.equal(outcome.kind, 'dead')
    const { rows } = await scene.view.list({ state: 'dead' })
    assert.equal(rows.length, 1)
    assert.ok(rows[0]!.error!.message.length > 0)
  })
}
