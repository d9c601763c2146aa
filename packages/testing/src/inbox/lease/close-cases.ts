import assert from 'node:assert/strict'
import { fixed } from '@postern/core'
import type { Outcome } from '@postern/core/engine'
import { eventually, gate, item, stepped } from '../make.ts'
import { receiverHeard, deliverSigned, type SceneTest } from '../scene.ts'
import { DONE_OUTCOME, lane } from '../recorder.ts'

const NEVER = new Promise<Outcome>(() => {})

/** A receiver that closes while tasks run, as in a deploy, must not count this as a failure of the tasks. */
export function closeCases(test: SceneTest): void {
  test('a handler that ends when its signal aborts is settled as it says', async (scene) => {
    const shop = scene.join({
      run: (_, signal) =>
        new Promise((resolve) => {
          signal!.addEventListener('abort', () => resolve(DONE_OUTCOME))
        }),
    })
    await shop.start(1, item('1'))
    await shop.leave(1000)
    assert.deepEqual(
      shop.settled.map(({ outcome, stored }) => [outcome.kind, stored]),
      [['done', true]],
    )
    const next = scene.join()
    assert.deepEqual(await next.accept(item('1')), ['duplicate'])
    await next.settle(1, item('last'))
    assert.deepEqual(next.ran(), ['a:last'])
  })

  test('what still runs at the end is released: no attempt is used, and its late outcome is rejected', async (scene) => {
    const open = gate()
    const shop = scene.join({ run: () => open.passed.then(() => DONE_OUTCOME) })
    await shop.start(1, item('1'))
    await shop.leave(200)
    const next = scene.join()
    await next.untilSettled(1)
    assert.deepEqual(next.ran(), ['a:1'])
    assert.equal(next.runs[0]!.claim.attempt, 1)
    open.pass()
    await shop.until('the late outcome is reported', () =>
      shop.settled.some(({ stored }) => !stored),
    )
    assert.deepEqual(await next.accept(item('1')), ['duplicate'])
  })

  test('ten deploys in a row use no attempt, and make no suspect of a task', async (scene) => {
    const first = scene.join({ work: false })
    await first.accept(item('1'), item('2'))
    await first.leave()
    for (let deploy = 0; deploy < 10; deploy++) {
      const shop = scene.join({ run: () => NEVER })
      // Suspects run alone, so two tasks that run at the same time are not suspects.
      await shop.until('both run', () => shop.runs.length === 2)
      assert.deepEqual(shop.attempts(), [1, 1])
      await shop.leave(40)
    }
    const last = scene.join()
    await last.untilSettled(2)
  })

  test('handlers of several subscriptions are all released', async (scene) => {
    const shop = scene.join({ lanes: ['a', 'b', lane('c', { concurrency: 1 })], run: () => NEVER })
    await shop.accept(item('1', ['a', 'b', 'c']), item('2', ['c']))
    await shop.until('three run', () => shop.runs.length >= 3)
    await shop.leave(200)
    const next = scene.join({ lanes: ['a', 'b', 'c'] })
    await next.untilSettled(4)
    assert.deepEqual([...next.ran()].sort(), ['a:1', 'b:1', 'c:1', 'c:2'])
    assert.ok(next.runs.every(({ claim }) => claim.attempt === 1))
  })

  test('closing ends in time, and what still runs is released, although the wall clock goes back by an hour', async (scene) => {
    const shop = scene.join({ run: () => NEVER })
    await shop.start(1, item('1'))
    let closed = false
    const closing = shop.leave(400).then(() => (closed = true))
    await stepped(-3_600_000, () => eventually('closing has ended', () => closed))
    await closing
    const next = scene.join()
    await next.untilSettled(1)
    assert.equal(next.runs[0]!.claim.attempt, 1)
  })

  test('closing twice is closing once', async (scene) => {
    const shop = scene.join({ run: () => NEVER })
    await shop.start(1, item('1'))
    await Promise.all([shop.leave(100), shop.leave(10_000)])
    const next = scene.join()
    await next.untilSettled(1)
  })

  test('under a receiver: what a handler throws since it closes uses no attempt, even the last', async (scene) => {
    const first = receiverHeard(scene)
    const options = { name: 'slow', retry: fixed({ attempts: 1, delay: 1 }) }
    first.receiver.on(
      'thing.*',
      options,
      (_, task) =>
        new Promise((_resolve, reject) => {
          task.signal.addEventListener('abort', () => reject(new Error('stopped half-way')))
        }),
    )
    await deliverSigned(first.receiver, '1')
    await first.until('started 1')
    await first.receiver.close({ timeout: 1000 })
    const second = receiverHeard(scene)
    const attempts: number[] = []
    second.receiver.on('thing.*', options, (_, task) => void attempts.push(task.attempt))
    await second.until('done 1')
    assert.deepEqual(attempts, [1])
    assert.ok(!first.happened.includes('dead 1'))
  })
}
