import assert from 'node:assert/strict'
import type { TaskInfo, TaskQuery } from '@postern/core/inbox'
import { everyPage, isSince, item, takeAt } from '../make.ts'
import { DEAD_OUTCOME, FAILURE, retryIn } from '../recorder.ts'
import { listed, type SceneTest } from '../scene.ts'

const HOUR = 3_600_000

export function pageCases(test: SceneTest): void {
  test('the newest come first, a page at a time, each task once', async (scene) => {
    const shop = scene.join({ work: false })
    for (let at = 1; at <= 9; at++) await takeAt(shop, `e${at}`, at * 1000)
    const pages = await everyPage((from) => scene.view.list({ limit: 4, ...from }))
    const found = pages.flatMap(({ rows }) => rows.map(({ event }) => event.id))
    assert.deepEqual(found, ['e9', 'e8', 'e7', 'e6', 'e5', 'e4', 'e3', 'e2', 'e1'])
    assert.deepEqual([pages[0]!.rows.length, pages.at(-1)!.searchedTo], [4, undefined])
  })

  test('what comes while pages are turned moves none of them', async (scene) => {
    const shop = scene.join({ work: false })
    for (let at = 1; at <= 4; at++) await takeAt(shop, `e${at}`, at * 1000)
    const first = await scene.view.list({ limit: 2 })
    await takeAt(shop, 'e5', 5000)
    const second = await scene.view.list({ limit: 2, cursor: first.cursor! })
    assert.deepEqual(
      second.rows.map(({ event }) => event.id),
      ['e2', 'e1'],
    )
  })

  test('each filter finds its tasks, and all that are given must hold', async (scene) => {
    const shop = scene.join({ work: false })
    const bank = scene.join({ receiver: 'bank', work: false })
    await takeAt(shop, 'e1', 1000, { topic: 'orders/create', payload: { note: 'Blue Whale' } })
    await takeAt(shop, 'e2', 2000, { topic: 'orders/paid', provider: 'other' })
    await takeAt(shop, 'e3', 3000, { topic: 'orders/paid.late' }, [
      { subscription: 'b', part: 'eu' },
      { subscription: 'b', part: 'us' },
    ])
    await takeAt(bank, 'e4', 4000, { topic: 'ping' })
    const cases: readonly (readonly [TaskQuery, readonly string[]])[] = [
      [{}, ['a:e4', 'b:e3', 'b:e3', 'a:e2', 'a:e1']],
      [{ receiver: 'bank' }, ['a:e4']],
      [{ subscription: 'a', receiver: 'shop' }, ['a:e2', 'a:e1']],
      [{ part: 'us' }, ['b:e3']],
      [{ provider: 'other' }, ['a:e2']],
      [{ eventId: 'e3', part: 'eu' }, ['b:e3']],
      [{ keys: [':e4', ':e1', ':none'] }, ['a:e4', 'a:e1']],
      [{ keys: [] }, []],
      [{ topic: 'orders/paid' }, ['a:e2']],
      [{ topic: 'orders/*' }, ['a:e2', 'a:e1']],
      [{ topic: 'orders/**' }, ['b:e3', 'b:e3', 'a:e2', 'a:e1']],
      [{ topic: 'thing' }, []],
      [{ text: 'blue whale' }, ['a:e1']],
      [{ text: 'PAID' }, ['b:e3', 'b:e3', 'a:e2']],
      [{ text: 'e4' }, ['a:e4']],
      [{ text: '%' }, []],
      [{ before: 3000, after: 1000 }, ['a:e2']],
      [{ state: 'pending', topic: 'ping' }, ['a:e4']],
      [{ state: 'dead' }, []],
      [{ id: 'no such task' }, []],
    ]
    for (const [query, expected] of cases)
      assert.deepEqual(await listed(scene, query), expected, JSON.stringify(query))
  })

  test('an unknown key of a filter is a TypeError that gives the nearest', async (scene) => {
    const bad = { subscripton: 'a' } as TaskQuery
    const rejected = (error: unknown): boolean =>
      error instanceof TypeError && error.message.includes('subscription')
    await assert.rejects(async () => scene.view.list(bad), rejected)
    await assert.rejects(async () => scene.view.replay(bad), rejected)
    await assert.rejects(async () => scene.view.delete(bad), rejected)
    await assert.rejects(async () => scene.view.list({ state: 'failed' as never }), TypeError)
  })

  test('a task tells when it was settled, how long it ran, and how often', async (scene) => {
    const shop = scene.join({
      lanes: ['a', 'b'],
      run({ subscription, attempt }) {
        if (subscription === 'a' && attempt === 1) return retryIn(0)
        return subscription === 'a' ? DEAD_OUTCOME : retryIn(HOUR)
      },
    })
    const from = Date.now()
    await shop.settle(3, item('1', ['a', 'b', 'none']))
    const all = (await scene.view.list()).rows
    const of = (name: string): TaskInfo => all.find(({ subscription }) => subscription === name)!
    assert.equal(of('a').attempts, 2)
    assert.ok(isSince(from, of('a').settledAt!))
    assert.ok(of('a').duration! >= 0 && of('a').duration! < 60_000)
    assert.deepEqual([of('b').settledAt, of('b').attempts], [undefined, 1])
    assert.ok(of('b').duration! >= 0)
    assert.deepEqual([of('none').attempts, of('none').duration], [0, undefined])
    assert.equal(of('a').provider, 'acme')
  })

  test('errors are in the list as they were stored', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1'))
    const [task] = (await scene.view.list()).rows
    assert.equal(task!.error?.message, FAILURE.message)
    assert.match(task!.cause!, /^\S+$/)
  })
}
