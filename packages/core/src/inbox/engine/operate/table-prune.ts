import { grouped } from '../../../basics/maybe.ts'
import { eventOf } from '../row.ts'
import type { SqlValues, TableSql } from '../table-sql.ts'
import type { ActionRow } from '../journal/store.ts'
import type { Before, ContentsRow, Place, Viewed } from './store.ts'

/** The differences between the tables of the database servers. */
export interface TableDialect {
  /** True if the keys of events have their own table. Deliveries then lock keys before events. */
  readonly keys: boolean
  /** The column of `postern_tenants` that names the tenant. */
  readonly tenant: 'hash' | 'key'
  /** The method of {@link SqlValues} that makes conditions for columns with names of tenants or keys. */
  readonly among: 'amongHashes' | 'amongTexts'
  /**
   * Returns a query for the tasks `t` of events. Its columns are `id`, and `gone`: whether the condition `over` holds.
   */
  tasksOf(events: readonly number[], over: string, values: SqlValues): string
}

// Number of events in one step. It is small, so that no worker waits long for a step.
const STEP = 500
const MANY = 10_000

/**
 * Implements `Viewed.prune` of PostgreSQL and MySQL inside a transaction; SQLite has its own implementation. Locks keys
 * before events, and events before tasks, in the same order as deliveries are stored.
 */
export async function pruneTables(
  sql: TableSql,
  dialect: TableDialect,
  before: Before,
  place: Place | undefined,
): Promise<Place | undefined> {
  if (place === undefined) await forget(sql, dialect, before)
  const { done, dead, known, guards } = before
  const [at, after] = place ?? [-1, 0]
  const found = await sql.rows<OldEvent>(
    ({ whole }) =>
      `SELECT r.id, r.received, r.delivery, r.hash FROM ${sql.from('events', 'received')}
       WHERE r.received >= ${whole(at)} AND (r.received > ${whole(at)} OR r.id > ${whole(after)}) AND r.received < ${whole(Math.ceil(Math.max(done, dead, known)))}
       ORDER BY r.received, r.id LIMIT ${STEP}`,
  )
  const events = found.map((one) => ({
    ...one,
    id: Number(one.id),
    received: Number(one.received),
  }))
  if (events.length === 0) return undefined
  const free = await lockEvents(
    sql,
    dialect,
    events.filter(({ received }) => received < known),
  )
  const tasks = await sql.rows<{ id: number; gone: boolean }>((values) =>
    dialect.tasksOf(
      events.map(({ id }) => id),
      `t.lease IS NULL AND ((t.state = 2 AND t.due < ${values.number(done)}) OR (t.state = 3 AND t.due < ${values.number(dead)}))`,
      values,
    ),
  )
  const over = tasks.flatMap(({ id, gone }) => (gone ? Number(id) : []))
  const dropped = await lockRows(sql, 'tasks', over, 'AND r.state >= 2 AND r.lease IS NULL')
  if (dropped.size > 0) {
    await sql.drop('tasks', ({ among }) => among('r.id', [...dropped]))
    await sql.drop('attempts', ({ among }) => among('r.task', [...dropped]))
  }
  const left = new Set(
    tasks.flatMap(({ id }) => (dropped.has(Number(id)) ? [] : eventOf(Number(id)))),
  )
  const empty = events.filter(({ id }) => free.has(id) && !left.has(id))
  if (empty.length > 0) {
    const hashes = empty.map(({ hash }) => hash)
    if (dialect.keys) await sql.drop('keys', ({ amongHashes }) => amongHashes('r.hash', hashes))
    const ids = empty.map(({ id }) => id)
    await sql.drop('events', ({ among }) => among('r.id', ids))
    await sql.drop(
      'guards',
      ({ amongHashes, number }) =>
        `${amongHashes('r.event', hashes)} AND r.taken < ${number(guards)}`,
      'event',
    )
    await dropDeliveries(
      sql,
      empty.flatMap(({ delivery }) => delivery ?? []),
    )
  }
  const last = events.at(-1)!
  return events.length < STEP ? undefined : [last.received, last.id]
}

interface OldEvent {
  readonly id: number
  readonly received: number
  readonly hash: string
  readonly delivery: number | null
}

/** Locks events, and their keys first. Skips events that another transaction has locked. */
async function lockEvents(
  sql: TableSql,
  { keys }: TableDialect,
  events: readonly OldEvent[],
): Promise<ReadonlySet<number>> {
  let free = events
  if (keys && events.length > 0) {
    const hashes = events.map(({ hash }) => hash).sort()
    const rows = await sql.rows<{ hash: string }>(
      ({ amongHashes }) =>
        `SELECT r.hash FROM ${sql.from('keys')} WHERE ${amongHashes('r.hash', hashes)} ORDER BY r.hash FOR UPDATE SKIP LOCKED`,
    )
    const locked = new Set(rows.map(({ hash }) => hash))
    free = events.filter(({ hash }) => locked.has(hash))
  }
  return lockRows(
    sql,
    'events',
    free.map(({ id }) => id),
  )
}

async function lockRows(
  sql: TableSql,
  table: 'events' | 'tasks',
  ids: readonly number[],
  which = '',
): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rows = await sql.rows<{ id: number }>(
    ({ among }) =>
      `SELECT r.id FROM ${sql.from(table)} WHERE ${among('r.id', ids)} ${which} ORDER BY r.id FOR UPDATE SKIP LOCKED`,
  )
  return new Set(rows.map(({ id }) => Number(id)))
}

/** Drops the given deliveries that no event needs. */
async function dropDeliveries(sql: TableSql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const used = await sql.rows<{ delivery: number }>(
    ({ among }) =>
      `SELECT DISTINCT r.delivery FROM ${sql.from('events', 'delivery')} WHERE ${among('r.delivery', ids)}`,
  )
  const kept = new Set(used.map(({ delivery }) => Number(delivery)))
  const free = [...new Set(ids.map(Number))].filter((id) => !kept.has(id))
  if (free.length > 0) await sql.drop('deliveries', ({ among }) => among('r.id', free))
}

/**
 * Drops old rows that belong to no event: jumps of the clock, and records of the newest task of a `debounce` key. Also
 * drops the last turn (place in the rotation) of a tenant in a lane (a subscription) once the lane has reached it.
 */
async function forget(
  sql: TableSql,
  { tenant, among: amongNames }: TableDialect,
  { done, dead, known, guards }: Before,
): Promise<void> {
  const oldest = Math.min(done, dead, known, guards)
  await sql.drop('steps', ({ number }) => `r.at < ${number(oldest)}`)
  const keys = await sql.rows<{ root: number; hash: string }>(
    ({ number }) =>
      `SELECT r.root, r.key AS hash FROM ${sql.from('latest', 'at')} WHERE r.at < ${number(known)}
       AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE t.id = r.task) LIMIT ${MANY}`,
  )
  for (const [root, group] of grouped(keys, (one) => one.root)) {
    const names = group.map(({ hash }) => hash)
    await sql.drop(
      'latest',
      (values) =>
        `r.root = ${values.whole(root)} AND ${values[amongNames]('r.key', names)} AND r.at < ${values.number(known)}`,
    )
  }
  const past = await sql.rows<{ lane: number; hash: string }>(
    () =>
      `SELECT r.lane, r.${tenant} AS hash FROM $.postern_tenants r JOIN $.postern_lanes l ON l.id = r.lane WHERE r.turn <= l.turn LIMIT ${MANY}`,
  )
  for (const [lane, group] of grouped(past, (one) => one.lane)) {
    const names = group.map(({ hash }) => hash)
    const locked = await sql.rows<{ hash: string }>(
      (values) =>
        `SELECT r.${tenant} AS hash FROM ${sql.from('tenants')} WHERE r.lane = ${values.whole(lane)} AND ${values[amongNames](`r.${tenant}`, names)}
         AND r.turn <= (SELECT turn FROM $.postern_lanes WHERE id = ${values.whole(lane)}) FOR UPDATE SKIP LOCKED`,
    )
    const free = locked.map(({ hash }) => hash)
    if (free.length > 0)
      await sql.drop(
        'tenants',
        (values) => `r.lane = ${values.whole(lane)} AND ${values[amongNames](`r.${tenant}`, free)}`,
      )
  }
}

interface EraseSteps {
  contents(events: readonly number[]): Promise<readonly ContentsRow[]>
  /** Replaces the contents of events, and marks the events as erased. */
  write(left: readonly ContentsRow[]): Promise<unknown>
  note(rows: readonly ActionRow[]): Promise<unknown>
}

// Maximum number of bodies in memory at once, since each may have megabytes.
const AT_ONCE = 10

/** Implements `Viewed.erase` inside a transaction. */
export async function eraseTables(
  sql: TableSql,
  dialect: TableDialect,
  steps: EraseSteps,
  ...[events, passing, empty, noted]: Parameters<Viewed['erase']>
): Promise<number> {
  const marked = passing ? 'r.contents = 1' : '(r.contents IS NULL OR r.contents <> 2)'
  const locked = await sql.rows<{ id: number; delivery: number | null }>(
    ({ among }) =>
      `SELECT r.id, r.delivery FROM ${sql.from('events')} WHERE ${among('r.id', events)} AND ${marked} ORDER BY r.id FOR UPDATE SKIP LOCKED`,
  )
  const deliveries = new Map(locked.map(({ id, delivery }) => [Number(id), delivery]))
  // The open tasks are read after locking. So they include tasks of replays that were committed before the locks.
  const open = await withTasks(
    sql,
    dialect,
    [...deliveries.keys()],
    passing ? 't.state <> 2' : 't.state < 2',
  )
  const ids = [...deliveries.keys()].filter((id) => !open.has(id))
  let count = empty ? 0 : ids.length
  for (let from = 0; empty && from < ids.length; from += AT_ONCE) {
    const rows = await steps.contents(ids.slice(from, from + AT_ONCE))
    const left = rows.flatMap((row) => empty(row) ?? [])
    if (left.length > 0) await steps.write(left)
    await dropDeliveries(
      sql,
      left.flatMap(({ event }) => deliveries.get(event) ?? []),
    )
    count += left.length
  }
  const notes = noted(count)
  if (notes.length > 0) await steps.note(notes)
  return count
}

/** Implements `Store.drop` inside a transaction. */
export async function dropEvents(
  sql: TableSql,
  dialect: TableDialect,
  events: readonly number[],
): Promise<void> {
  const used = await withTasks(sql, dialect, events, '1 = 1')
  const free = events.filter((id) => !used.has(id))
  if (free.length === 0) return
  if (dialect.keys) {
    const rows = await sql.rows<{ hash: string }>(
      ({ among }) => `SELECT r.hash FROM ${sql.from('events')} WHERE ${among('r.id', free)}`,
    )
    const hashes = rows.map(({ hash }) => hash)
    await sql.drop('keys', ({ amongHashes }) => amongHashes('r.hash', hashes))
  }
  await sql.drop('events', ({ among }) => among('r.id', free))
}

/** Returns the given events that have a task for which an SQL condition is true. */
async function withTasks(
  sql: TableSql,
  dialect: TableDialect,
  events: readonly number[],
  which: string,
): Promise<ReadonlySet<number>> {
  if (events.length === 0) return new Set()
  const rows = await sql.rows<{ id: number; gone: boolean }>((values) =>
    dialect.tasksOf(events, which, values),
  )
  return new Set(rows.flatMap(({ id, gone }) => (gone ? eventOf(Number(id)) : [])))
}
