import assert from 'node:assert/strict'
import type { TaskInfo } from '@postern/core/inbox'
import { gate, storedDelivery, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, FAILURE, retryIn } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

const HOUR = 3_600_000
const ids = (tasks: readonly TaskInfo[]): string[] =>
  tasks.map(({ subscription, event }) => `${subscription}:${event.id}`).sort()

export function viewCases(test: SceneTest, keepsDone: boolean): void {
  test('an error without a message is an error of its name', async (scene) => {
    const error = { name: 'TypeError', message: '' }
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: ({ subscription }) =>
        subscription === 'a'
          ? { kind: 'dead', error }
          : { kind: 'retry', at: Date.now() + HOUR, error },
    })
    await shop.accept(item('1', ['a', 'b']))
    await shop.until('both are settled', () => shop.settled.length === 2)
    const told = (await scene.view.list()).rows.map((task) => task.error)
    assert.deepEqual(
      told.map((one) => [one?.name, one?.message]),
      [
        ['TypeError', ''],
        ['TypeError', ''],
      ],
    )
  })

  test('list tells the state of each task', async (scene) => {
    const open = gate()
    const shop = scene.join({
      lanes: ['a', 'b', 'c'],
      run({ subscription }) {
        if (subscription === 'a') return DEAD_OUTCOME
        return subscription === 'b' ? retryIn(HOUR) : open.passed.then(() => DONE_OUTCOME)
      },
    })
    const from = Date.now()
    await shop.accept(item('1', ['a', 'b', 'c', 'none'], { tenant: 's' }))
    await shop.until(
      'one runs and two are settled',
      () => shop.runs.length === 3 && shop.settled.length === 2,
    )
    const tasks = (await scene.view.list()).rows
    const of = (name: string): TaskInfo => tasks.find(({ subscription }) => subscription === name)!
    assert.deepEqual([of('a').state, of('a').attempt], ['dead', 1])
    assert.deepEqual([of('b').state, of('b').attempt], ['pending', 1])
    assert.ok(of('b').due! > from + HOUR / 2)
    assert.equal(of('c').state, 'running')
    assert.deepEqual([of('none').state, of('none').attempt], ['pending', 0])
    assert.equal(of('a').error?.message, FAILURE.message)
    assert.equal(of('b').error?.message, FAILURE.message)
    const { receiver, event, receivedAt } = of('a')
    assert.equal(receiver, 'shop')
    assert.deepEqual({ ...event }, { id: '1', topic: 'thing.happened', tenant: 's', key: ':1' })
    assert.ok(receivedAt >= from && receivedAt <= Date.now())
    open.pass()
    await shop.untilSettled(3)
  })

  test('get gives a task with its event and delivery', async (scene) => {
    const shop = scene.join({ work: false })
    await shop.accept(item('1', ['a'], { payload: { deep: [1] } }))
    const [task] = (await scene.view.list()).rows
    const detail = await scene.view.get(task!.id)
    assert.deepEqual(detail?.record.payload, { deep: [1] })
    assert.equal(detail?.delivery.url, '/hooks?shop=1')
    assert.equal(detail?.subscription, 'a')
    assert.equal(await scene.view.get('no such task'), undefined)
  })

  test('stats count the tasks of each subscription by state', async (scene) => {
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: ({ subscription }) => (subscription === 'a' ? DEAD_OUTCOME : DONE_OUTCOME),
    })
    await shop.settle(3, item('1', ['a', 'b', 'none']), item('2', ['a', 'none']))
    const stats = await scene.view.stats()
    const of = (name: string) => stats.find(({ subscription }) => subscription === name)?.counts
    assert.deepEqual({ ...of('a') }, { pending: 0, running: 0, done: 0, dead: 2 })
    assert.deepEqual({ ...of('none') }, { pending: 2, running: 0, done: 0, dead: 0 })
    if (keepsDone) assert.deepEqual({ ...of('b') }, { pending: 0, running: 0, done: 1, dead: 0 })
  })

  test('replay runs dead tasks from attempt 1, and nothing else', async (scene) => {
    let broken = true
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: ({ subscription }) => (subscription === 'a' && broken ? DEAD_OUTCOME : DONE_OUTCOME),
    })
    await shop.settle(3, item('1', ['a', 'b']), item('2', ['a']))
    broken = false
    assert.equal((await scene.view.replay({ receiver: 'shop', eventId: '1' })).count, 1)
    await shop.untilSettled(4)
    assert.equal((await scene.view.replay({})).count, 1)
    await shop.untilSettled(5)
    assert.deepEqual(shop.ran().slice(3), ['a:1', 'a:2'])
    assert.ok(shop.runs.every(({ claim }) => claim.attempt === 1))
    assert.equal((await scene.view.replay({})).count, 0)
  })

  test('delete drops pending and dead tasks; their events stay known', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1', ['a']), item('2', ['none']))
    assert.equal((await scene.view.delete({ eventId: '1' })).count, 1)
    assert.equal((await scene.view.delete({ subscription: 'none' })).count, 1)
    assert.deepEqual(ids((await scene.view.list()).rows), [])
    assert.deepEqual(await shop.accept(item('1'), item('2', ['none'])), ['duplicate', 'duplicate'])
    assert.equal((await scene.view.replay({})).count, 0)
  })

  test('prune forgets dead tasks that came before a time', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    const old = storedDelivery({ receivedAt: Date.now() - HOUR })
    await shop.port.accept({ delivery: old, items: [item('old')] }, {})
    await shop.settle(2, item('young'))
    for (const before of [undefined, null, Number.NaN, Infinity, '2026-01-01'])
      await assert.rejects(
        async () => scene.view.prune(before as never),
        (error: unknown) => error instanceof TypeError && /before/.test(error.message),
      )
    assert.equal(await scene.view.prune(Date.now() - HOUR / 2), 1)
    assert.deepEqual(ids((await scene.view.list()).rows), ['a:young'])
  })

  test('orphans are subscriptions with pending tasks that no receiver has', async (scene) => {
    const shop = scene.join({ lanes: ['a'] })
    await shop.settle(1, item('1', ['a', 'gone']), item('2', ['gone']))
    assert.deepEqual(
      [...(await scene.view.orphans())].map((one) => ({ ...one })),
      [{ receiver: 'shop', subscription: 'gone', pending: 2 }],
    )
  })

  if (!keepsDone) return
  test('done tasks are kept: listed, and replayed where the filter says so', async (scene) => {
    const shop = scene.join()
    await shop.settle(2, item('1'), item('2'))
    assert.deepEqual(ids((await scene.view.list({ state: 'done' })).rows), ['a:1', 'a:2'])
    assert.equal((await scene.view.replay({ eventId: '1' })).count, 0, 'only where state is given')
    const filter = { state: 'done', topic: 'thing.*', eventId: '1' } as const
    assert.equal((await scene.view.replay(filter)).count, 1)
    await shop.untilSettled(3)
    assert.deepEqual(shop.ran()[2], 'a:1')
  })
}
