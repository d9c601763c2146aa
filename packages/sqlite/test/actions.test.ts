import { expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { DEAD_OUTCOME } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()

test('a change whose action cannot be written changes nothing', async () => {
  const inbox = scene.open()
  const shop = scene.join(inbox, { run: () => DEAD_OUTCOME })
  await shop.port.accept(intake(item('1'), item('2')), {})
  await shop.untilSettled(2)
  const { rows } = await inbox.view!.list({ state: 'dead' })
  scene.run('ALTER TABLE postern_records RENAME TO elsewhere')
  await expect(inbox.view!.delete({ state: 'dead' }, { by: 'ada' })).rejects.toThrow()
  await expect(inbox.view!.erase({ eventId: '1' })).rejects.toThrow()
  await expect(inbox.view!.rerun(rows[0]!.id, { payload: {} })).rejects.toThrow()
  scene.run('ALTER TABLE elsewhere RENAME TO postern_records')
  const after = await inbox.view!.list()
  expect(after.rows.map(({ id, state }) => [id, state])).toEqual(rows.map(({ id }) => [id, 'dead']))
  expect((await inbox.view!.get(rows[1]!.id))!.record.erased).toBeUndefined()
  expect((await inbox.journal!.actions()).rows).toEqual([])
})
