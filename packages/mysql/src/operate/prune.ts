import { eventOf, grouped, type Before, type Place } from '@postern/core/engine'
import { hexes, list, ofEvents } from '../sql/lines.ts'
import type { Sql } from '../store/connection.ts'
import { dropTasks } from '../store/patch.ts'

// Events of one step: small, so that no worker waits long for one.
const STEP = 500
const MANY = 10_000

/**
 * One step over the next events that are old enough, in order of arrival: drops tasks that are over, events without any, and
 * what belongs to them. Keys are locked before events, and these before tasks, as by those who store.
 */
export async function prune(
  sql: Sql,
  before: Before,
  place: Place | undefined,
): Promise<Place | undefined> {
  if (place === undefined) await forget(sql, before)
  const { done, dead, known, guards } = before
  const [at, id] = place ?? [-1, 0]
  const events = await sql.rows<OldEvent>(
    `SELECT e.id, e.received, e.delivery, e.hash FROM $.postern_events e FORCE INDEX (received)
     WHERE e.received >= ${at} AND (e.received > ${at} OR e.id > ${id}) AND e.received < ${Math.max(done, dead, known)}
     ORDER BY e.received, e.id LIMIT ${STEP}`,
  )
  if (events.length === 0) return undefined
  const free = await lockEvents(
    sql,
    events.filter(({ received }) => received < known),
  )
  const tasks = await sql.rows<{ id: number; gone: boolean }>(
    `SELECT t.id, t.lease IS NULL AND ((t.state = 2 AND t.due < ${done}) OR (t.state = 3 AND t.due < ${dead})) AS gone
     FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE ${ofEvents(events.map((one) => one.id))}`,
  )
  const over = tasks.flatMap(({ id: task, gone }) => (gone ? task : []))
  const locked = await lockRows(sql, 'tasks', over, 'AND state >= 2 AND lease IS NULL')
  if (locked.size > 0) await dropTasks(sql, [...locked])
  const left = new Set(tasks.flatMap(({ id: task }) => (locked.has(task) ? [] : eventOf(task))))
  const empty = events.filter((one) => free.has(one.id) && !left.has(one.id))
  if (empty.length > 0) {
    const hashes = hexes(empty.map(({ hash }) => hash))
    await sql.run(
      `DELETE k FROM $.postern_keys k FORCE INDEX (PRIMARY) WHERE k.hash IN (${hashes})`,
    )
    await sql.run(
      `DELETE e FROM $.postern_events e FORCE INDEX (PRIMARY) WHERE e.id IN (${list(empty.map((one) => one.id))})`,
    )
    await sql.run(
      `DELETE g FROM $.postern_guards g FORCE INDEX (event) WHERE g.event IN (${hashes}) AND g.taken < ${guards}`,
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

/** Locks events with their keys. What another holds is left as it is. */
async function lockEvents(
  sql: Sql,
  events: readonly { readonly id: number; readonly hash: string }[],
): Promise<ReadonlySet<number>> {
  if (events.length === 0) return new Set()
  const rows = await sql.rows<{ hash: string }>(
    `SELECT hash FROM $.postern_keys FORCE INDEX (PRIMARY) WHERE hash IN (${hexes(events.map(({ hash }) => hash).sort())}) ORDER BY hash FOR UPDATE SKIP LOCKED`,
  )
  const keys = new Set(rows.map(({ hash }) => hash))
  const its = events.flatMap(({ id, hash }) => (keys.has(hash) ? id : []))
  return lockRows(sql, 'events', its, '')
}

async function lockRows(
  sql: Sql,
  table: 'events' | 'tasks',
  ids: readonly number[],
  which: string,
): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rows = await sql.rows(
    `SELECT id FROM $.postern_${table} FORCE INDEX (PRIMARY) WHERE id IN (${list(ids.toSorted((a, b) => a - b))}) ${which} ORDER BY id FOR UPDATE SKIP LOCKED`,
  )
  return new Set(rows.map(({ id }) => id))
}

/** Drops deliveries that no event has any more. */
export async function dropDeliveries(sql: Sql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const used = await sql.rows<{ delivery: number }>(
    `SELECT DISTINCT delivery FROM $.postern_events FORCE INDEX (delivery) WHERE delivery IN (${list(ids)})`,
  )
  const kept = new Set(used.map(({ delivery }) => delivery))
  const free = [...new Set(ids)].filter((id) => !kept.has(id))
  if (free.length > 0)
    await sql.run(
      `DELETE d FROM $.postern_deliveries d FORCE INDEX (PRIMARY) WHERE d.id IN (${list(free)})`,
    )
}

/** What is in no event: keys without a task that are older than ids are known, steps of the clock, places of lines, and tenants that their lane is past: their next turn is that of a new one. */
async function forget(sql: Sql, { done, dead, known, guards }: Before): Promise<void> {
  const steps = await sql.rows(
    `SELECT id FROM $.postern_steps WHERE at < ${Math.min(done, dead, known, guards)}`,
  )
  if (steps.length > 0)
    await sql.run(
      `DELETE s FROM $.postern_steps s FORCE INDEX (PRIMARY) WHERE s.id IN (${list(steps.map(({ id }) => id))})`,
    )
  const keys = await sql.rows<{ root: number; hash: string }>(
    `SELECT root, \`key\` AS hash FROM $.postern_latest n WHERE n.at < ${known}
     AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE t.id = n.task) LIMIT ${STEP}`,
  )
  for (const [root, group] of grouped(keys, (one) => one.root))
    await sql.run(
      `DELETE n FROM $.postern_latest n FORCE INDEX (PRIMARY) WHERE n.root = ${root} AND n.\`key\` IN (${hexes(group.map(({ hash }) => hash))}) AND n.at < ${known}`,
    )
  const places = await sql.rows(
    `SELECT id FROM $.postern_seq FORCE INDEX (PRIMARY) ORDER BY id LIMIT ${MANY} FOR UPDATE SKIP LOCKED`,
  )
  if (places.length > 0)
    await sql.run(
      `DELETE s FROM $.postern_seq s FORCE INDEX (PRIMARY) WHERE s.id IN (${list(places.map(({ id }) => id))})`,
    )
  const past = await sql.rows<{ lane: number; hash: string }>(
    `SELECT o.lane, o.hash FROM $.postern_tenants o JOIN $.postern_lanes l ON l.id = o.lane WHERE o.turn <= l.turn LIMIT ${MANY}`,
  )
  for (const [lane, group] of grouped(past, (one) => one.lane)) {
    const its = group.map(({ hash }) => hash)
    const rows = await sql.rows<{ hash: string }>(
      `SELECT hash FROM $.postern_tenants FORCE INDEX (PRIMARY) WHERE lane = ${lane} AND hash IN (${hexes(its)})
       AND turn <= (SELECT turn FROM $.postern_lanes WHERE id = ${lane}) FOR UPDATE SKIP LOCKED`,
    )
    if (rows.length > 0)
      await sql.run(
        `DELETE o FROM $.postern_tenants o FORCE INDEX (PRIMARY) WHERE o.lane = ${lane} AND o.hash IN (${hexes(rows.map(({ hash }) => hash))})`,
      )
  }
}
