import assert from 'node:assert/strict'
import type { OperatorAction } from '@postern/core/inbox'
import type { Scene, SceneTest, JoinedReceiver } from '../scene.ts'
import { everyPage, item } from '../make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME } from '../recorder.ts'

async function actions(scene: Scene, task?: string): Promise<readonly OperatorAction[]> {
  const query = task === undefined ? {} : { task }
  return (await scene.inbox.journal!.actions(query)).rows
}

export function actionCases(test: SceneTest, durable: boolean): void {
  test('a change says who did what, to which tasks and how many; a dry run leaves no trace', async (scene) => {
    const shop = await joinDead(scene, 3)
    const filter = { receiver: 'shop', state: 'dead' } as const
    await scene.view.replay(filter, { dryRun: true, by: 'ada' })
    assert.deepEqual(await actions(scene), [])
    const before = Date.now()
    const ids = (await scene.view.list(filter)).rows.map((task) => task.id).sort()
    const changed = await scene.view.replay(filter, { by: 'ada' })
    await shop.untilSettled(6)
    const [action, ...more] = await actions(scene)
    assert.deepEqual(more, [])
    const { id, at, last, ...said } = action!
    assert.equal(changed.action, id)
    const [whole] = (await scene.inbox.journal!.actions({ id })).rows
    assert.deepEqual([...whole!.tasks!].sort(), ids)
    assert.deepEqual(said, { what: 'replay', by: 'ada', filter, count: 3 })
    assert.ok(id.length > 0 && at >= before && last >= at && last <= Date.now())
  })

  test('a change in many calls is one action with the sum, from whichever process it continues', async (scene) => {
    await joinDead(scene, 7)
    await everyPage((from) =>
      scene.view.delete({ state: 'dead' }, { limit: 2, by: 'ada', ...from }),
    )
    assert.deepEqual(
      (await actions(scene)).map(({ what, count }) => [what, count]),
      [['delete', 7]],
    )
    assert.deepEqual((await scene.view.list()).rows, [])
  })

  test('with a rate too, and nothing is said of a change that found nothing', async (scene) => {
    await joinDead(scene, 3)
    const { cursor } = await scene.view.replay({ receiver: 'shop' }, { rate: 1, limit: 2 })
    await scene.view.replay({ receiver: 'shop' }, { rate: 1, cursor: cursor! })
    await scene.view.delete({ receiver: 'nobody' }, { by: 'ada' })
    const found = await actions(scene)
    assert.deepEqual(
      found.map(({ what, count, by }) => [what, count, by]),
      [['replay', 3, undefined]],
    )
  })

  test('of a task it tells the actions that changed it, and of an edit the new task', async (scene) => {
    await joinDead(scene, 2)
    const [one, other] = (await scene.view.list({ state: 'dead' })).rows.map(({ id }) => id)
    const made = await scene.view.rerun(one!, { payload: { n: 2 }, by: 'ada' })
    await scene.view.replay({ receiver: 'shop', state: 'dead' }, { by: 'bob' })
    const said = async (task: string): Promise<readonly unknown[]> =>
      (await actions(scene, task)).map(({ what, by, result }) => [what, by, result])
    assert.deepEqual(await said(one!), [
      ['replay', 'bob', undefined],
      ['rerun', 'ada', made],
    ])
    assert.deepEqual(await said(other!), [['replay', 'bob', undefined]])
    assert.deepEqual(await said(made), [['rerun', 'ada', made]])
    assert.deepEqual(await said('no such task'), [])
  })

  test('erasing and pruning are listed, newest first and in pages', async (scene) => {
    await joinDead(scene, 2)
    await scene.view.erase({ eventId: 'e0', text: 'e0' }, { by: 'ada' })
    await scene.view.prune(Date.now() + 60_000, { by: 'bob' })
    const { journal } = scene.inbox
    const first = await journal!.actions({ limit: 1 })
    assert.deepEqual(
      first.rows.map(({ what, by, count }) => [what, by, count]),
      [['prune', 'bob', 2]],
    )
    const second = await journal!.actions({ limit: 1, cursor: first.cursor! })
    assert.deepEqual(
      second.rows.map(({ what, by, count, filter }) => [what, by, count, filter]),
      [['erase', 'ada', 1, { eventId: 'e0', text: '(not kept)' }]],
    )
    assert.equal(second.cursor, undefined)
  })

  test('a `by` that is not a name is rejected before anything changes', async (scene) => {
    await joinDead(scene, 1)
    const by = 7 as unknown as string
    await assert.rejects(async () => scene.view.replay({}, { by }), /by must be a name/)
    await assert.rejects(async () => scene.view.delete({}, { by: 'x'.repeat(201) }), TypeError)
    await assert.rejects(
      async () => scene.inbox.journal!.actions({ tasks: 'x' } as object),
      TypeError,
    )
    assert.deepEqual(await actions(scene), [])
    assert.equal((await scene.view.list({ state: 'dead' })).rows.length, 1)
  })

  if (!durable) return
  test('actions outlive a restart', async (scene) => {
    await joinDead(scene, 1)
    await scene.view.delete({ receiver: 'shop' }, { by: 'ada' })
    const before = await actions(scene)
    await scene.restart()
    assert.deepEqual(await actions(scene), before)
    assert.equal(before.length, 1)
  })
}

/** Waits until the receiver has `count` dead tasks. After that, its handlers succeed. */
export async function joinDead(scene: Scene, count: number): Promise<JoinedReceiver> {
  let broken = true
  const shop = scene.join({ run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME) })
  await shop.settle(count, ...Array.from({ length: count }, (_, at) => item(`e${at}`)))
  broken = false
  return shop
}
