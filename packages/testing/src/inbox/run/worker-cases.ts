import assert from 'node:assert/strict'
import { gate, item } from '../make.ts'
import { DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

export function workerCases(test: SceneTest, durable: boolean): void {
  test('nothing runs before the work starts', async (scene) => {
    const shop = scene.join({ work: false })
    const bank = scene.join({ receiver: 'bank' })
    await shop.accept(item('1'))
    await bank.settle(1, item('2'))
    assert.equal(shop.runs.length, 0)
    shop.work()
    await shop.untilSettled(1)
  })

  test('tasks of a subscription the worker lacks wait until it has it', async (scene) => {
    const shop = scene.join({ lanes: ['a'] })
    await shop.settle(1, item('1', ['later', 'a']), item('2', ['later']))
    assert.deepEqual(shop.ran(), ['a:1'])
    shop.lanes.push(lane('later'))
    await shop.settle(4, item('3', ['later']))
    assert.deepEqual([...shop.ran()].sort(), ['a:1', 'later:1', 'later:2', 'later:3'])
    assert.ok(shop.runs.every(({ claim }) => claim.attempt === 1))
  })

  test('a renamed subscription gets the tasks of its former names, under the name they were stored with', async (scene) => {
    const shop = scene.join({ lanes: [lane('now', { previousNames: ['once', 'then'] })] })
    await shop.settle(3, item('1', ['once']), item('2', ['then']), item('3', ['now']))
    assert.deepEqual([...shop.ran()].sort(), ['now:3', 'once:1', 'then:2'])
  })

  test('closing waits for what runs, and what is left runs when work starts again', async (scene) => {
    const open = gate()
    const shop = scene.join({
      lanes: [lane('a', { concurrency: 1 })],
      run: () => open.passed.then(() => DONE_OUTCOME),
    })
    await shop.start(1, item('1'), item('2'))
    const closed = shop.leave(10_000)
    open.pass()
    await closed
    assert.equal(shop.settled.length, shop.runs.length)
    // An inbox in memory may still run the second task, because a restart would lose it.
    if (durable) assert.deepEqual(shop.ran(), ['a:1'])
    const next = scene.join()
    await next.accept(item('last'))
    await next.until('the last is settled', () => next.ran().includes('a:last'))
    await next.leave()
    assert.deepEqual([...shop.ran(), ...next.ran()], ['a:1', 'a:2', 'a:last'])
  })

  test('closing aborts the signal of tasks that run too long, and continues', async (scene) => {
    const open = gate()
    let signal: AbortSignal | undefined
    const shop = scene.join({
      run(_, given) {
        signal = given
        return open.passed.then(() => DONE_OUTCOME)
      },
    })
    await shop.start(1, item('1'))
    await shop.leave(1)
    assert.equal(signal?.aborted, true)
    open.pass()
  })

  test('what waits for a retry does not hold up closing', async (scene) => {
    const shop = scene.join({ run: () => retryIn(3_600_000) })
    await shop.settle(1, item('1'))
    await shop.leave(60_000)
  })

  test('after closing, deliveries are rejected', async (scene) => {
    const shop = scene.join()
    await shop.leave()
    await assert.rejects(async () => shop.accept(item('1')))
  })

  test('a receiver of the name may come back after closing, and knows what was done', async (scene) => {
    const first = scene.join()
    await first.settle(1, item('1'))
    await first.leave()
    const second = scene.join()
    assert.deepEqual(await second.accept(item('1')), ['duplicate'])
    assert.deepEqual(await second.accept(item('2')), ['new'])
    await second.untilSettled(1)
    assert.deepEqual(second.ran(), ['a:2'])
  })
}
