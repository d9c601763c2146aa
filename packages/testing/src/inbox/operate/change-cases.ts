import assert from 'node:assert/strict'
import { gate, everyPage, item, storedDelivery, takeAt } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, lane, retryIn } from '../recorder.ts'
import { joinDead } from './action-cases.ts'
import type { SceneTest } from '../scene.ts'

const HOUR = 3_600_000

export function changeCases(test: SceneTest): void {
  test('a dry run counts and changes nothing', async (scene) => {
    const shop = await joinDead(scene, 3)
    const filter = { receiver: 'shop', state: 'dead' } as const
    assert.equal((await scene.view.replay(filter, { dryRun: true })).count, 3)
    assert.equal((await scene.view.delete(filter, { dryRun: true })).count, 3)
    assert.deepEqual(
      (await scene.view.list()).rows.map(({ state }) => state),
      ['dead', 'dead', 'dead'],
    )
    assert.equal(shop.runs.length, 3)
  })

  test('a limit is kept exactly, and the cursor continues to the end', async (scene) => {
    const shop = await joinDead(scene, 7)
    let total = 0
    const chunks = await everyPage(async (from) => {
      const changed = await scene.view.replay({ receiver: 'shop' }, { limit: 3, ...from })
      await shop.untilSettled(7 + (total += changed.count))
      return changed
    })
    const counts = chunks.map(({ count }) => count)
    assert.deepEqual(
      counts.filter((count) => count > 0),
      [3, 3, 1],
    )
    assert.equal(shop.runs.length, 14)
  })

  for (const narrow of [{}, { state: 'dead' }, { topic: 'thing.*' }, { text: 'thing' }] as const)
    test(`replay with a limit starts with the oldest: ${JSON.stringify(narrow)}`, async (scene) => {
      let broken = true
      const shop = scene.join({
        lanes: [lane('a', { concurrency: 1 })],
        run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME),
      })
      const ids = Array.from({ length: 9 }, (_, at) => `e${at}`)
      for (const [at, id] of ids.entries()) await takeAt(shop, id, 1000 + at)
      await shop.untilSettled(9)
      broken = false
      let cursor: string | undefined
      for (const end of [4, 8, 9]) {
        const options = { limit: 4, ...(cursor !== undefined && { cursor }) }
        const changed = await scene.view.replay({ receiver: 'shop', ...narrow }, options)
        cursor = changed.cursor
        await shop.untilSettled(9 + end)
        assert.deepEqual(
          new Set(shop.runs.slice(9).map(({ claim }) => claim.event.id)),
          new Set(ids.slice(0, end)),
        )
      }
    })

  test('a call ends by its time and says where to continue', async (scene) => {
    await joinDead(scene, 5)
    const until = Date.now() - 1
    const chunks = await everyPage((from) =>
      scene.view.delete({ state: 'dead' }, { until, limit: 2, ...from }),
    )
    const total = chunks.reduce((sum, { count }) => sum + count, 0)
    assert.equal(total, 5)
    assert.deepEqual((await scene.view.list()).rows, [])
  })

  test('with a rate tasks become due one after another', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(3, item('1'), item('2'), item('3'))
    await shop.leave()
    const before = Date.now()
    // One task per ten minutes.
    await scene.view.replay({ receiver: 'shop' }, { rate: 1 / 600 })
    const dues = (await scene.view.list()).rows.map(({ due }) => due!).sort((a, b) => a - b)
    // Rounded, since the clock of a store may differ from the one of this process by milliseconds.
    const waits = dues.map((due) => Math.round(Math.abs(due - before) / 600_000))
    assert.deepEqual(waits, [0, 1, 2])
  })

  test('waiting tasks are due now when the filter says pending, and keep their attempt', async (scene) => {
    const shop = scene.join({ run: ({ attempt }) => (attempt < 2 ? retryIn(HOUR) : DONE_OUTCOME) })
    await shop.settle(2, item('1'), item('2'))
    const changed = await scene.view.replay({ state: 'pending', eventId: '1' })
    assert.equal(changed.count, 1)
    await shop.untilSettled(3)
    assert.equal(shop.ran()[2], 'a:1')
    assert.equal(shop.runs[2]!.claim.attempt, 2)
    assert.equal(shop.runs.length, 3)
  })

  test('a filter that would match all by mistake changes nothing', async (scene) => {
    const shop = scene.join({ run: () => DEAD_OUTCOME })
    await shop.settle(1, item('1'))
    const wrong = [undefined, null, { id: undefined }, { receiver: undefined }, { text: '' }]
    for (const filter of wrong as never[])
      for (const change of ['replay', 'delete'] as const)
        await assert.rejects(async () => scene.view[change](filter), TypeError)
    await assert.rejects(async () => scene.view.prune(undefined as never), TypeError)
    assert.equal((await scene.view.list({ state: 'dead' })).rows.length, 1)
  })

  test('a running task is neither replayed nor deleted', async (scene) => {
    const open = gate()
    const shop = scene.join({ run: () => open.passed.then(() => DONE_OUTCOME) })
    await shop.start(1, item('1'))
    for (const state of ['dead', 'done', 'pending'] as const)
      assert.equal((await scene.view.replay({ state })).count, 0)
    assert.equal((await scene.view.delete({})).count, 0)
    open.pass()
    await shop.untilSettled(1)
    assert.equal(shop.runs.length, 1)
  })

  test('an edited payload runs as an event of its own, for the same subscription', async (scene) => {
    const shop = scene.join({
      lanes: ['a', 'b'],
      run: ({ event }) =>
        (event.payload as { broken?: boolean }).broken ? DEAD_OUTCOME : DONE_OUTCOME,
    })
    const part = { subscription: 'a', part: 'eu', data: { to: 'x' } }
    const delivery = storedDelivery({ body: Buffer.from('{"broken":true}') })
    const broken = { payload: { broken: true }, source: 'json' as const }
    await shop.port.accept({ delivery, items: [item('1', [part, 'b'], broken)] }, {})
    await shop.untilSettled(2)
    const old = (await scene.view.list()).rows.find(({ subscription }) => subscription === 'a')!
    const id = await scene.view.rerun(old.id, { payload: { broken: false, n: 2 } })
    await shop.untilSettled(3)
    const { claim } = shop.runs[2]!
    assert.notEqual(id, old.id)
    assert.equal(claim.id, id)
    assert.deepEqual([claim.subscription, claim.part, claim.data], ['a', 'eu', { to: 'x' }])
    assert.deepEqual(claim.event.payload, { broken: false, n: 2 })
    assert.equal(claim.event.origin, ':1')
    assert.notEqual(claim.event.key, ':1')
    assert.equal(claim.event.topic, 'thing.happened')
    const after = await scene.view.get(old.id)
    assert.equal(after?.state, 'dead', 'the old task stays as it was')
    assert.deepEqual(after.record.payload, { broken: true })
    assert.deepEqual(await shop.accept(item('1', [part, 'b'])), ['revived'])
    await assert.rejects(async () => scene.view.rerun('no such task', { payload: 1 }))
  })
}
