import assert from 'node:assert/strict'
import type { Attempt } from '@postern/core/inbox'
import { isSince, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, retryIn } from '../recorder.ts'
import type { Scene, SceneTest } from '../scene.ts'

async function attempts(scene: Scene): Promise<readonly Attempt[]> {
  const [task] = (await scene.view.list()).rows
  return scene.inbox.journal!.attempts(task!.id)
}

const outcomes = (all: readonly Attempt[]): readonly string[] => all.map(({ outcome }) => outcome)

export function attemptCases(test: SceneTest, keepsDone: boolean): void {
  test('an attempt has its start, duration, outcome and process', async (scene) => {
    const from = Date.now()
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1'))
    const [first, ...more] = await attempts(scene)
    assert.deepEqual(more, [])
    assert.equal(first!.outcome, 'dead')
    assert.equal(first!.error?.message, 'the till is jammed')
    assert.ok(isSince(from, first!.startedAt))
    assert.ok(first!.duration! >= 0 && first!.duration! < 60_000)
    assert.ok(first!.process.length > 0)
  })

  test('retries are kept in order, and the last one says how it ended', async (scene) => {
    const shop = scene.join({
      run: ({ attempt }) =>
        attempt < 3
          ? { ...retryIn(0), error: { name: 'Error', message: `no ${attempt}` } }
          : DEAD_OUTCOME,
    })
    await shop.settle(3, item('1'))
    const all = await attempts(scene)
    assert.deepEqual(outcomes(all), ['retry', 'retry', 'dead'])
    assert.deepEqual(
      all.map(({ attempt }) => attempt),
      [1, 2, 3],
    )
    assert.deepEqual(
      all.map(({ error }) => error?.message),
      ['no 1', 'no 2', 'the till is jammed'],
    )
    for (let at = 1; at < all.length; at++)
      assert.ok(all[at]!.startedAt >= all[at - 1]!.startedAt - 1)
  })

  test('of many, the first and the last nineteen are kept', async (scene) => {
    const shop = scene.join({ run: ({ attempt }) => (attempt < 30 ? retryIn(0) : DEAD_OUTCOME) })
    await shop.settle(30, item('1'))
    assert.deepEqual(
      (await attempts(scene)).map(({ attempt }) => attempt),
      [1, ...Array.from({ length: 19 }, (_, at) => at + 12)],
    )
  })

  test('a replay keeps the attempts of before', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1'))
    await scene.view.replay({ receiver: 'shop' })
    await shop.untilSettled(2)
    const all = await attempts(scene)
    assert.deepEqual(outcomes(all), ['dead', 'dead'])
    assert.deepEqual(
      all.map(({ attempt }) => attempt),
      [1, 1],
    )
    const [task] = (await scene.view.list()).rows
    assert.deepEqual([task!.attempt, task!.attempts], [1, 2])
  })

  test('a task that has not run, and one that does not exist, have none', async (scene) => {
    const shop = scene.join({ work: false })
    await shop.accept(item('1'))
    assert.deepEqual(await attempts(scene), [])
    assert.deepEqual(await scene.inbox.journal!.attempts('no such task'), [])
  })

  if (!keepsDone) return
  test('a task that is done at once has one', async (scene) => {
    const shop = scene.join({ run: () => DONE_OUTCOME })
    await shop.settle(1, item('1'))
    const all = await attempts(scene)
    assert.deepEqual(outcomes(all), ['done'])
    assert.equal(all[0]!.attempt, 1)
    assert.equal(all[0]!.error, undefined)
    const [task] = (await scene.view.list()).rows
    assert.equal(task!.attempts, 1)
    assert.ok(task!.settledAt! > 0 && task!.duration! >= 0)
    await scene.view.replay({ state: 'done' })
    await shop.untilSettled(2)
    assert.deepEqual(outcomes(await attempts(scene)), ['done', 'done'])
  })
}
