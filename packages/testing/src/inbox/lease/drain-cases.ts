import assert from 'node:assert/strict'
import type { RunDueResult } from '@postern/core/engine'
import { gate, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import type { JoinedReceiver, SceneTest } from '../scene.ts'

const HOUR = 3_600_000

function drain(shop: JoinedReceiver, max = 1000): Promise<RunDueResult> {
  return shop.port.drain!(Date.now() + 60_000, max)
}

export function drainCases(test: SceneTest, shared: boolean): void {
  test('what is due runs, and it tells what became of it', async (scene) => {
    const due = Date.now() + HOUR
    const shop = scene.join({
      lanes: ['done', 'dead', 'retry', 'postpone'],
      work: false,
      run({ subscription }) {
        if (subscription === 'dead') return DEAD_OUTCOME
        if (subscription === 'retry') return retryIn(2 * HOUR)
        return subscription === 'postpone' ? { kind: 'postpone', at: due } : DONE_OUTCOME
      },
    })
    await shop.accept(item('1', ['done', 'dead', 'retry', 'postpone']))
    await shop.accept(item('2', ['done']))
    const { next, ...counts } = await drain(shop)
    assert.deepEqual(counts, { ran: 5, done: 2, retried: 1, dead: 1, postponed: 1, left: 0 })
    assert.ok(Math.abs(next! - due) < 1000, `the next is due at ${due}, it said ${next}`)
    assert.equal(shop.settled.length, 5, 'it waited for its own attempts')
    const again = await drain(shop)
    assert.deepEqual([again.ran, again.left], [0, 0])
  })

  test('without tasks there is no next', async (scene) => {
    const shop = scene.join({ work: false })
    assert.deepEqual(await drain(shop), {
      ran: 0,
      done: 0,
      retried: 0,
      dead: 0,
      postponed: 0,
      left: 0,
      next: undefined,
    })
  })

  test('nothing runs between drains', async (scene) => {
    const shop = scene.join({ work: false })
    await drain(shop)
    await shop.accept(item('1'))
    const bank = scene.join({ receiver: 'bank' })
    await bank.settle(1, item('2'))
    assert.equal(shop.runs.length, 0)
    assert.equal((await drain(shop)).ran, 1)
  })

  test('max is kept exactly, and the rest is left', async (scene) => {
    const shop = scene.join({ lanes: ['a', 'b'], work: false })
    const ids = Array.from({ length: 20 }, (_, at) => `e${at}`)
    await shop.accept(...ids.map((id) => item(id, ['a', 'b'])))
    const first = await drain(shop, 7)
    assert.deepEqual([first.ran, first.done, first.left], [7, 7, 33])
    assert.equal(shop.runs.length, 7)
    const second = await drain(shop, 100)
    assert.deepEqual([second.ran, second.left], [33, 0])
    assert.equal(new Set(shop.ran()).size, 40)
  })

  test('max is shared out over subscriptions', async (scene) => {
    const shop = scene.join({ lanes: ['a', 'b', 'c'], work: false })
    const ids = Array.from({ length: 10 }, (_, at) => `e${at}`)
    await shop.accept(...ids.map((id) => item(id, ['a', 'b', 'c'])))
    const counts = (): readonly number[] => {
      const ran = shop.ran()
      return ['a', 'b', 'c'].map((name) => ran.filter((one) => one.startsWith(name)).length)
    }
    assert.equal((await drain(shop, 6)).ran, 6)
    assert.deepEqual(counts(), [2, 2, 2])
    // The subscriptions are served in rotation, even over several calls with one task each.
    for (let at = 0; at < 6; at++) assert.equal((await drain(shop, 1)).ran, 1)
    assert.deepEqual(counts(), [4, 4, 4])
  })

  test('of max, a subscription with few tasks leaves its share to the others', async (scene) => {
    const shop = scene.join({ lanes: ['a', 'b'], work: false })
    const ids = Array.from({ length: 10 }, (_, at) => `e${at}`)
    await shop.accept(...ids.map((id) => item(id, ['a'])))
    await shop.accept(item('few', ['b']))
    assert.equal((await drain(shop, 6)).ran, 6)
    const few = shop.ran().filter((one) => one === 'b:few')
    assert.equal(few.length, 1)
    assert.equal((await drain(shop)).ran, 5)
  })

  test('a retry that is due at once, and children, run in the same drain', async (scene) => {
    const shop = scene.join({
      work: false,
      run({ part, attempt }) {
        if (part !== undefined) return DONE_OUTCOME
        if (attempt < 2) return retryIn(0)
        return { kind: 'done', spawn: [{ subscription: 'a', part: 'x' }] }
      },
    })
    await shop.accept(item('1'))
    const drained = await drain(shop)
    assert.deepEqual([drained.ran, drained.done, drained.retried, drained.left], [3, 2, 1, 0])
  })

  test('no task starts in the last second before the deadline', async (scene) => {
    const shop = scene.join({ work: false })
    await shop.accept(item('1'))
    const drained = await shop.port.drain!(Date.now() + 900, 10)
    assert.deepEqual([drained.ran, drained.left], [0, 1])
    assert.equal(shop.runs.length, 0)
  })

  test('what the deadline cuts is postponed without an attempt, and its late outcome is rejected', async (scene) => {
    const open = gate()
    let signal: AbortSignal | undefined
    const shop = scene.join({
      lanes: [lane('a', { concurrency: 1 })],
      work: false,
      run(_, given) {
        signal ??= given
        return shop.runs.length === 1 ? open.passed.then(() => DONE_OUTCOME) : DONE_OUTCOME
      },
    })
    await shop.accept(item('1'), item('2'))
    const drained = await shop.port.drain!(Date.now() + 1200, 10, 600)
    assert.deepEqual([drained.ran, drained.postponed, drained.left], [1, 1, 2])
    assert.equal(signal?.aborted, true)
    open.pass()
    await shop.until('the late outcome is reported', () =>
      shop.settled.some(({ stored }) => !stored),
    )
    assert.equal((await drain(shop)).ran, 2)
    assert.ok(shop.runs.every(({ claim }) => claim.attempt === 1))
  })

  test('two at once run no task twice', async (scene) => {
    const one = scene.join({ work: false })
    const two = shared ? scene.join({ work: false, inbox: await scene.handle.another!() }) : one
    const ids = Array.from({ length: 100 }, (_, at) => `e${at}`)
    await Promise.all(ids.map(async (id) => one.accept(item(id))))
    const [first, second] = await Promise.all([drain(one), drain(two)])
    assert.equal(first.ran + second.ran, 100)
    assert.equal(first.done + second.done, 100)
    const ran = one === two ? one.ran() : [...one.ran(), ...two.ran()]
    assert.deepEqual([...ran].sort(), ids.map((id) => `a:${id}`).sort())
  })

  test('a drain ends when its receiver closes, and releases what it ran', async (scene) => {
    const shop = scene.join({ work: false, run: () => new Promise(() => {}) })
    await shop.accept(item('1'))
    const drained = drain(shop)
    await shop.until('it runs', () => shop.runs.length === 1)
    await shop.leave(300)
    const { ran, left } = await drained
    assert.deepEqual([ran, left], [1, 1])
    const [task] = (await scene.view.list()).rows
    assert.deepEqual([task!.state, task!.attempt], ['pending', 0])
  })

  test('a closed receiver drains nothing', async (scene) => {
    const shop = scene.join({ work: false })
    await shop.leave()
    await assert.rejects(
      drain(shop),
      (error) => (error as { code?: string }).code === 'receiver_closed',
    )
  })

  if (!shared) return
  test('leases that ended are freed first', async (scene) => {
    const stuck = scene.join({ run: () => new Promise(() => {}) })
    await stuck.start(1, item('1'))
    await scene.handle.abandon!()
    const shop = scene.join({ work: false, inbox: await scene.handle.another!() })
    const first = await drain(shop)
    await stuck.leave(0)
    // An interrupted task may have to wait before it runs again.
    if (first.ran === 0) {
      assert.ok(first.left === 1 || first.next !== undefined)
      await scene.view.replay({ state: 'pending' })
      assert.equal((await drain(shop)).ran, 1)
    }
    assert.deepEqual(shop.ran(), ['a:1'])
  })
}
