import assert from 'node:assert/strict'
import { burst, acceptNew } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, lane } from '../recorder.ts'
import type { SceneTest } from '../scene.ts'

const LANE = lane('a', { ordered: true, concurrency: 5 })

/** A folded task ended without a run, because another task of its key ran with the newest event. */
export function debounceReplayCases(
  test: SceneTest,
  skills: { readonly keepsDone?: boolean; readonly pages?: boolean },
): void {
  for (const how of ['replayed', 'delivered again'] as const)
    test(`a dead one that is ${how} runs the newest of its key in its place`, async (scene) => {
      const shop = scene.join({
        lanes: [LANE],
        run: ({ event }) => (event.id === '1' ? DEAD_OUTCOME : DONE_OUTCOME),
      })
      await acceptNew(shop, burst(1))
      await shop.untilSettled(1)
      await acceptNew(shop, burst(2))
      await shop.untilSettled(2)
      if (how === 'replayed') assert.equal((await scene.view.replay({})).count, 1)
      else assert.deepEqual(await shop.accept(burst(1)), ['revived'])
      // The newest event runs again only if the inbox keeps done tasks.
      if (skills.keepsDone) await shop.untilSettled(3)
      await acceptNew(shop, burst(3, { key: 'l' }))
      await shop.untilSettled(skills.keepsDone ? 4 : 3)
      const ran = shop.ran().map((label) => label.slice(2))
      assert.deepEqual(ran, skills.keepsDone ? ['1', '2', '2', '3'] : ['1', '2', '3'])
      assert.equal((await scene.view.list({ state: 'dead' })).rows.length, 0)
    })

  test('a dead one that is the newest runs again', async (scene) => {
    let broken = true
    const shop = scene.join({ lanes: [LANE], run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME) })
    await acceptNew(shop, burst(1), burst(2))
    await shop.until('both are dead or folded', () => shop.settled.length + shop.folded.size === 2)
    broken = false
    await scene.view.replay({ eventId: '2' })
    await shop.until('it is done', () => shop.settled.at(-1)!.outcome.kind === 'done')
    assert.equal(shop.runs.at(-1)!.claim.event.id, '2')
  })

  if (skills.keepsDone)
    test('people see which task stands for a folded one, and a replay of that runs the newest', async (scene) => {
      const shop = scene.join({ lanes: [LANE], work: false })
      await acceptNew(
        shop,
        burst(1, { newest: 2 }),
        burst(2, { newest: 3 }),
        burst(3, { newest: 1 }),
      )
      const view = scene.view
      const found = async (id: string) => (await view.list({ eventId: id })).rows[0]!
      assert.equal((await found('2')).folded, 1)
      shop.work()
      await shop.untilSettled(1)
      const [first, second, third] = [await found('1'), await found('2'), await found('3')]
      assert.deepEqual([first.state, first.into, first.stale], ['done', second.id, undefined])
      assert.deepEqual([third.state, third.into, third.stale], ['done', undefined, true])
      assert.deepEqual([second.state, second.into, second.stale], ['done', undefined, undefined])
      assert.equal((await view.get(first.id))!.into, second.id)
      for (const id of [first.id, third.id]) {
        const before = shop.settled.length
        assert.equal((await view.replay({ id, state: 'done' })).count, 1)
        await shop.untilSettled(before + 1)
        assert.equal(shop.runs.at(-1)!.claim.event.id, '2')
      }
    })

  if (skills.keepsDone && skills.pages)
    test('if the newest is erased, a replay of an older one runs nothing', async (scene) => {
      const shop = scene.join({
        lanes: [LANE],
        run: ({ event }) => (event.id === '1' ? DEAD_OUTCOME : DONE_OUTCOME),
      })
      await acceptNew(shop, burst(1))
      await shop.untilSettled(1)
      await acceptNew(shop, burst(2))
      await shop.untilSettled(2)
      const view = scene.view
      assert.equal((await view.erase({ eventId: '2' })).count, 1)
      assert.equal((await view.replay({})).count, 1)
      const { stale, state } = (await view.list({ eventId: '1' })).rows[0]!
      assert.deepEqual([state, stale], ['done', true])
      await acceptNew(shop, burst(3, { key: 'l' }))
      await shop.untilSettled(3)
      assert.equal(shop.runs.at(-1)!.claim.event.id, '3')
    })
}
