import { afterEach, expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { sqliteScene } from './scene.ts'
import type { SqliteInboxOptions } from '../src/index.ts'

const { open, join, edit, row } = sqliteScene()
const { now } = Date
const MINUTE = 60_000
const guarded = (id: string) =>
  intake(item(id, ['a'], { guards: [{ key: `guard of ${id}`, otherwise: 'reject' }] }))

afterEach(() => void (Date.now = now))

/**
 * Stores an event, and checks if it is known after a step of the clock. The step comes while the process runs, or
 * before a restart.
 */
async function after(
  step: number,
  {
    window,
    restarts,
  }: {
    readonly window: NonNullable<SqliteInboxOptions['dedupeWindow']>
    readonly restarts: boolean
  },
): Promise<{ readonly events: unknown; readonly guards: unknown }> {
  const options = { dedupeWindow: window, keepDone: window }
  let inbox = open(options)
  let shop = join(inbox)
  await shop.port.accept(guarded('1'), {})
  await shop.untilSettled(1)
  if (restarts) await inbox.close()
  Date.now = () => now() + step
  if (restarts) {
    inbox = open(options)
    shop = join(inbox)
  }
  await shop.port.drain!(Date.now() + 10_000, 100)
  const count = (table: string): unknown =>
    edit((db) => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()!['n'])
  return { events: count('postern_events'), guards: count('postern_guards') }
}

test('nothing ages by a step of the clock while a process runs', async () => {
  const known = { events: 1, guards: 1 }
  expect(await after(60 * MINUTE, { window: '10m', restarts: false })).toEqual(known)
})

test('of an hour between two processes ids age by five minutes, and guards by nothing', async () => {
  expect(await after(60 * MINUTE, { window: '6m', restarts: true })).toEqual({
    events: 1,
    guards: 1,
  })
})

test('five minutes between two processes count for ids, and a guard outlives its event', async () => {
  expect(await after(60 * MINUTE, { window: '4m', restarts: true })).toEqual({
    events: 0,
    guards: 1,
  })
})

test('two processes count one step once', async () => {
  const window = '10m'
  const shops = [join(open({ dedupeWindow: window })), join(open({ dedupeWindow: window }))]
  for (const [at, shop] of shops.entries()) await shop.port.accept(intake(item(`a${at}`)), {})
  Date.now = () => now() + 60 * MINUTE
  for (const [at, shop] of shops.entries()) await shop.port.accept(intake(item(`b${at}`)), {})
  const { unseen } = row('SELECT sum(unseen) AS unseen FROM postern_steps') as { unseen: number }
  expect(Math.round(unseen / MINUTE)).toBe(60)
})

test('a process whose clock was set back goes on at the time of the last event', async () => {
  const inbox = open()
  await join(inbox).port.accept(intake(item('1')), {})
  await inbox.close()
  const taken = (id: string) =>
    edit(
      (db) => db.prepare('SELECT taken FROM postern_events WHERE event_id = ?').get(id)!['taken'],
    )
  Date.now = () => now() - 60 * MINUTE
  await join(open()).port.accept(intake(item('2')), {})
  expect(taken('2')).toBeGreaterThanOrEqual(taken('1') as number)
})
