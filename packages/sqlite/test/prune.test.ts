import { expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { createTaskRecorder, DEAD_OUTCOME, DONE_OUTCOME } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, edit, untilFound, rows } = sqliteScene()
const count = (table: string): unknown =>
  edit((db) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()!['n'])

test('done events are forgotten after keepDone, with their deliveries; dead and pending ones stay', async () => {
  const inbox = open({ dedupeWindow: '20ms', keepDone: '20ms' })
  const shop = join(inbox, {
    lanes: ['a', 'b'],
    run: ({ subscription }) => (subscription === 'b' ? DEAD_OUTCOME : DONE_OUTCOME),
  })
  await shop.port.accept(intake(item('1'), item('2')), {})
  await shop.port.accept(intake(item('dead', ['a', 'b'])), {})
  await shop.port.accept(intake(item('pending', ['a', 'none'])), {})
  await shop.untilSettled(5)
  await untilFound(
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_events WHERE event_id IN ('1', '2'))",
  )
  expect(count('postern_events')).toBe(2)
  expect(count('postern_deliveries')).toBe(0)
  // These are the dead task of one event, and the pending task of the other.
  expect(count('postern_tasks')).toBe(2)
  expect(await shop.port.accept(intake(item('1')), {})).toEqual(['new'])
  expect(await shop.port.accept(intake(item('dead', ['a', 'b'])), {})).toEqual(['revived'])
  const stats = await inbox.view!.stats()
  expect(stats.find(({ subscription }) => subscription === 'none')?.counts.pending).toBe(1)
})

test('dead tasks are forgotten after keepDead, and their events stay known', async () => {
  const inbox = open({ keepDead: '20ms', keepDone: '1h' })
  const shop = join(inbox, {
    lanes: ['a', 'b'],
    run: ({ subscription }) => (subscription === 'b' ? DEAD_OUTCOME : DONE_OUTCOME),
  })
  await shop.port.accept(intake(item('both', ['a', 'b']), item('dead', ['b'])), {})
  await shop.untilSettled(3)
  await untilFound('SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_tasks WHERE state = 3)')
  expect(count('postern_tasks')).toBe(1)
  expect(count('postern_events')).toBe(2)
  expect(count('postern_deliveries')).toBe(1)
  const again = await shop.port.accept(intake(item('both', ['a', 'b']), item('dead', ['b'])), {})
  expect(again).toEqual(['duplicate', 'duplicate'])
})

test('a drain forgets too, on a host that never works', async () => {
  const attached = () =>
    open({ dedupeWindow: '1ms', keepDone: '1ms' }).attach(createTaskRecorder({}).consumer)
  const port = attached()
  await port.accept(intake(...Array.from({ length: 100 }, (_, at) => item(`e${at}`))), {})
  expect(await port.drain!(Date.now() + 10_000, 1000)).toMatchObject({ done: 100 })
  // Each process deletes old events at most once a minute, so each poll attaches a new one. The first drain may end in
  // the millisecond in which it settled the tasks, when nothing is old yet.
  await expect
    .poll(async () => {
      await attached().drain!(Date.now() + 10_000, 1000)
      return ['events', 'tasks', 'deliveries'].map((name) => count(`postern_${name}`))
    })
    .toEqual([0, 0, 0])
})

test('prune by hand keeps events known for their window', async () => {
  const inbox = open()
  const shop = join(inbox)
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(1)
  expect(await inbox.view!.prune(Date.now() + 1000)).toBe(1)
  expect(await shop.port.accept(intake(item('1')), {})).toEqual(['duplicate'])
})

test('tenants without tasks leave nothing behind', async () => {
  const inbox = open({ dedupeWindow: '20ms', keepDone: '20ms' })
  const shop = join(inbox)
  const items = Array.from({ length: 100 }, (_, at) =>
    item(`e${at}`, [{ subscription: 'a', fairKey: `tenant-${at % 5}` }]),
  )
  await shop.port.accept(intake(...items), {})
  await shop.untilSettled(items.length)
  await untilFound(
    `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_events) AND NOT EXISTS (SELECT 1 FROM postern_tenants)`,
  )
  expect(count('postern_attempts')).toBe(0)
})

test('nobody gets the number of an event that was forgotten, even after a restart', async () => {
  const inbox = open({ dedupeWindow: '20ms', keepDone: '20ms' })
  const shop = join(inbox)
  for (const id of ['1', '2', '3']) await shop.port.accept(intake(item(id)), {})
  await shop.untilSettled(3)
  await untilFound('SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_events)')
  await inbox.close()
  await join(open()).port.accept(intake(item('4')), {})
  expect(rows('SELECT id FROM postern_events')).toEqual([{ id: 4 }])
})
