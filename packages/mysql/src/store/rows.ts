import {
  DEAD,
  DONE,
  grouped,
  guardHash,
  hashOf,
  LATER,
  storable,
  takeGuards,
  TASKS,
  type ActionRow,
  type HeadRow,
  type Lost,
  type Rows,
  type Stride,
  type TaskRow,
  type Turn,
} from '@postern/core/engine'
import { LOCKS } from '../sql/schema.ts'
import { hexes, jsonOf, list, micros, NOW, ofEvents, TASK, tableOf } from '../sql/lines.ts'
import type { Row, Sql, Value } from './connection.ts'
import { addEvents, addKeys, addTasks, insertRows } from './insert.ts'
import { createFolds } from './folds.ts'
import { byId, patchTasks } from './patch.ts'

/** What rows need of their transaction. */
export interface RowsHost {
  readonly lease: number
  /** As `Database.counts`. */
  readonly counts: boolean
  /** False in a transaction that may see no commits but those before it began. */
  readonly fresh: boolean
  /** Waits for lines: the end of a transaction of an app is not known here. */
  readonly waits?: boolean
}

interface Keyed {
  readonly id: number
  readonly hash: string
}

const RECORDS = {
  head: 'INSERT INTO $.postern_records (`key`, value, version)',
  row: '?,?,1',
  tail: 'ON DUPLICATE KEY UPDATE value = VALUES(value), version = version + 1',
}

/** Makes the rows of an open transaction. Each statement that locks names its index: a scan would lock rows of others. */
export function createRows(sql: Sql, { lease, counts, fresh, waits = false }: RowsHost): Rows {
  return {
    async insert({ events, tasks }) {
      const stored = await addKeys(sql, counts, events)
      if (stored.size === 0) return stored
      await addEvents(sql, [...stored])
      await addTasks(
        sql,
        lease,
        stored.size === events.length ? tasks : tasks.filter(({ event }) => stored.has(event!)),
        ({ event, n }) => event!.number * TASKS + n,
      )
      return stored
    },
    async known(events) {
      const byHash = new Map(
        events.map((one) => [hashOf(one.receiver, one.event.key), one] as const),
      )
      const found = await sql.rows<Keyed>(
        `SELECT e.id, e.hash FROM $.postern_keys k FORCE INDEX (PRIMARY) STRAIGHT_JOIN $.postern_events e FORCE INDEX (PRIMARY) ON e.id = k.id
         WHERE k.hash IN (${hexes([...byHash.keys()])}) AND (e.contents IS NULL OR e.contents <> 2) LOCK IN SHARE MODE`,
      )
      if (found.length === 0) return new Map()
      const eventOf = new Map(found.map(({ id, hash }) => [id, byHash.get(hash)!]))
      const rows = await sql.rows<TaskRow>(
        `SELECT ${TASK} FROM $.postern_tasks t WHERE (${ofEvents([...eventOf.keys()])})
         AND (t.state = ${DEAD} OR (t.state = 0 AND t.error IS NOT NULL AND t.gate > 0 AND t.due > ${NOW})) ORDER BY t.id`,
      )
      return grouped(rows, ({ id }) => eventOf.get(Math.floor(id / TASKS))!)
    },
    guard: (wanted) =>
      takeGuards(wanted, async (own) => {
        // Of two in one delivery the first has the guard.
        const first = new Map(own.toReversed().map(({ key, event }) => [key, event]))
        const keys = [...first.keys()].sort()
        await sql.run(
          `INSERT INTO $.postern_guards (hash, event, taken) VALUES ${keys.map((key) => `(x'${key}',x'${first.get(key)!}',${NOW})`).join()}
           ON DUPLICATE KEY UPDATE hash = hash`,
        )
        // Locking, so that an older snapshot does not hide guards of others.
        const rows = await sql.rows<{ hash: string; holder: string }>(
          `SELECT hash, event AS holder FROM $.postern_guards FORCE INDEX (PRIMARY) WHERE hash IN (${hexes(keys)}) FOR UPDATE`,
        )
        return new Map(rows.map(({ hash, holder }) => [hash, holder]))
      }),
    async unguard(taken) {
      await sql.run(
        `DELETE t FROM $.postern_guards t FORCE INDEX (PRIMARY) WHERE t.hash IN (${hexes(taken.map(guardHash))})`,
      )
    },
    async finish(ended) {
      const done = await finishAll(sql, ended)
      if (done?.changed === ended.length) return new Set(ended.map(({ id }) => id))
      // One that is done with its own token was stored before, with an answer that was lost.
      const tokens = new Map(ended.map(({ id, token }) => [id, token]))
      const rows = await sql.rows(
        `SELECT id, token FROM $.postern_tasks FORCE INDEX (PRIMARY) WHERE id IN (${list([...tokens.keys()])}) AND state = ${DONE}`,
      )
      return new Set(ownOf(rows, tokens))
    },
    patch: (patches, fence) => patchTasks(sql, patches, fence),
    async spawn(event, children) {
      // So that two ends of its tasks give their children different numbers.
      await sql.rows(
        `SELECT id FROM $.postern_events FORCE INDEX (PRIMARY) WHERE id = ${event} FOR UPDATE`,
      )
      const its = await sql.rows<{ id: number; lane: number; part: string }>(
        `SELECT id, lane, part FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE ${ofEvents([event])} LOCK IN SHARE MODE`,
      )
      const known = new Set(its.map(({ lane, part }) => `${lane} ${part}`))
      let last = Math.max(event * TASKS - 1, ...its.map(({ id }) => id))
      await addTasks(
        sql,
        lease,
        children.filter(({ lane, part }) => !known.has(`${lane} ${storable(part)}`)),
        () => ++last,
      )
    },
    async lock(lines) {
      const rows = new Map(lines.map((line) => [line, line % LOCKS]))
      const wanted = [...new Set(rows.values())].sort((a, b) => a - b)
      const free = await sql.rows(
        `SELECT id FROM $.postern_locks FORCE INDEX (PRIMARY) WHERE id IN (${list(wanted)}) ORDER BY id FOR UPDATE ${waits ? '' : 'SKIP LOCKED'}`,
      )
      // What the last holder wrote may be behind this snapshot: they are locked, and worked out after this transaction.
      if (!fresh) return lines
      const own = new Set(free.map(({ id }) => id))
      return lines.filter((line) => !own.has(rows.get(line)!))
    },
    async heads(lines) {
      const columns = `${TASK}, t.root, t.seq, t.state >= 2 AS held`
      const its = `open_line IN (${list(lines)})`
      return sql.rows<HeadRow>(
        `SELECT ${columns} FROM $.postern_tasks t WHERE t.${its} AND t.behind = 0
         UNION ALL SELECT ${columns} FROM (
           SELECT open_line, root, MIN(seq) AS seq FROM $.postern_tasks WHERE ${its} AND behind = 1 GROUP BY open_line, root) f
         STRAIGHT_JOIN $.postern_tasks t ON t.open_line = f.open_line AND t.root = f.root AND t.behind = 1 AND t.seq = f.seq`,
      )
    },
    async queue(changes) {
      const rows = await sql.rows(
        `SELECT id FROM $.postern_tasks FORCE INDEX (PRIMARY) WHERE id IN (${list(changes.map(({ id }) => id))}) AND state = 0 ORDER BY id FOR UPDATE`,
      )
      const pending = new Set(rows.map(({ id }) => id))
      for (const behind of [true, false]) {
        const ids = changes.filter((one) => one.behind === behind && pending.has(one.id))
        if (ids.length > 0)
          await sql.run(
            `UPDATE $.postern_tasks FORCE INDEX (PRIMARY) SET behind = ${behind ? 1 : 0} WHERE id IN (${list(ids.map(({ id }) => id))})`,
          )
      }
      return changes.filter(({ id }) => pending.has(id)).length
    },
    ...createFolds(sql),
    async turns(wanted) {
      const lanes = await turnsOf(sql, wanted)
      const own = tenantsOf(wanted)
      for (const [lane, group] of grouped(own, (one) => one.lane)) {
        const turn = lanes.get(lane)!
        const rows = group.map(({ hash, step }) => `(${lane},x'${hash}',${turn + step})`)
        await sql.run(
          `INSERT INTO $.postern_tenants (lane, hash, turn) VALUES ${rows.join()}
           ON DUPLICATE KEY UPDATE turn = GREATEST(VALUES(turn), turn + VALUES(turn) - ${turn})`,
        )
      }
      return tenantTurns(sql, own, lanes, 'FOR UPDATE')
    },
    async later(lanes, most) {
      const found = await sql.rows(
        `SELECT t.id FROM $.postern_tasks t FORCE INDEX (ready) WHERE t.state = 0 AND t.behind = 0 AND t.lane IN (${list(lanes)})
         AND t.gate = ${LATER} AND t.place = 0 AND t.due <= ${NOW} ORDER BY t.due LIMIT ${most}`,
      )
      const ids = found.map(({ id }) => id)
      const rows = await lockTasks(sql, ids, `t.state = 0 AND t.behind = 0 AND t.gate = ${LATER}`)
      return rows.toSorted((a, b) => a.due - b.due)
    },
    async enter(turns) {
      await sql.run(
        `UPDATE ${tableOf({ id: 'BIGINT', turn: 'BIGINT' })} STRAIGHT_JOIN $.postern_tasks t FORCE INDEX (PRIMARY) ON t.id = i.id
         SET t.gate = 0, t.turn = IF(i.turn = 0, t.turn, i.turn) WHERE t.state = 0`,
        [jsonOf(byId(turns).map(({ id, turn }) => [id, turn]))],
      )
    },
    note: (rows) => noteActions(sql, rows),
    async lost(own) {
      const tokens = new Map(own.map(({ id, token }) => [id, token]))
      const rows = await sql.rows<Lost>(
        `SELECT ${TASK}, t.state >= ${DONE} AND t.lease IS NOT NULL AS held FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE t.id IN (${list([...tokens.keys()])}) ORDER BY t.id FOR UPDATE`,
      )
      const found = rows.map((row) => ({
        ...row,
        held: row.held && row.token === tokens.get(row.id),
      }))
      const held = found.filter((one) => one.held).map(({ id }) => id)
      if (held.length > 0)
        await sql.run(
          `UPDATE $.postern_tasks FORCE INDEX (PRIMARY) SET lease = NULL WHERE id IN (${list(held)})`,
        )
      return found
    },
  }
}

const FINISH = `UPDATE ${tableOf({ id: 'BIGINT', token: 'BIGINT', took: 'BIGINT' })} STRAIGHT_JOIN $.postern_tasks t FORCE INDEX (PRIMARY) ON t.id = i.id
  SET t.state = ${DONE}, t.due = ${NOW}, t.lease = NULL, t.took = i.took WHERE t.token = i.token AND t.state = 1`

/** Plain ends: no error, interruption or line to clear. */
function finishAll(
  sql: Sql,
  ended: readonly { readonly id: number; readonly token: number; readonly took: number }[],
): ReturnType<Sql['run']> {
  return sql.run(FINISH, [
    jsonOf(byId(ended).map(({ id, token, took }) => [id, token, micros(took)])),
  ])
}

/**
 * Locks tasks that nobody else has locked, by their primary key alone, and returns their rows. Never through the index that
 * leads to them: whoever skips a row there keeps the lock of its index record (MariaDB 11.8), and whoever holds the row waits
 * for it when it settles.
 */
export async function lockTasks(
  sql: Sql,
  ids: readonly number[],
  which: string,
): Promise<readonly TaskRow[]> {
  if (ids.length === 0) return []
  return sql.rows<TaskRow>(
    `SELECT ${TASK} FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE t.id IN (${list(ids.toSorted((a, b) => a - b))}) AND ${which}
     ORDER BY t.id FOR UPDATE SKIP LOCKED`,
  )
}

/** Ids of the rows whose token is the given one. */
export function ownOf(
  rows: readonly Row[],
  tokens: ReadonlyMap<number, number>,
): readonly number[] {
  return rows.flatMap(({ id, token }) => (tokens.get(id) === Number(token) ? id : []))
}

/** As `Rows.note`. */
export async function noteActions(sql: Sql, rows: readonly ActionRow[]): Promise<void> {
  const all = rows.map(({ key, value }): Value[] => [key, value])
  await insertRows(sql, RECORDS, all)
}

/** A tenant with its hash. */
type Hashed<One> = One & { readonly hash: string }

/** In one order for all processes. */
export function tenantsOf<One extends Omit<Stride, 'step'>>(
  all: readonly One[],
): readonly Hashed<One>[] {
  return all
    .map((one) => ({ ...one, hash: hashOf(String(one.lane), one.fair) }))
    .sort((a, b) => a.lane - b.lane || (a.hash < b.hash ? -1 : 1))
}

/** Turns of lanes. */
export async function turnsOf(
  sql: Pick<Sql, 'rows'>,
  all: readonly { readonly lane: number }[],
): Promise<ReadonlyMap<number, number>> {
  const lanes = [...new Set(all.map(({ lane }) => lane))]
  const rows = await sql.rows(`SELECT id, turn FROM $.postern_lanes WHERE id IN (${list(lanes)})`)
  return new Map(rows.map(({ id, turn }) => [id, turn]))
}

/** Turns of tenants that have one. */
export async function tenantTurns(
  sql: Pick<Sql, 'rows'>,
  wanted: readonly Hashed<Omit<Stride, 'step'>>[],
  lanes: ReadonlyMap<number, number>,
  lock: '' | 'FOR UPDATE',
): Promise<readonly Turn[]> {
  const turns = new Map<string, number>()
  for (const [lane, group] of grouped(wanted, (one) => one.lane)) {
    const rows = await sql.rows<{ hash: string; turn: number }>(
      `SELECT hash, turn FROM $.postern_tenants FORCE INDEX (PRIMARY) WHERE lane = ${lane} AND hash IN (${hexes(group.map(({ hash }) => hash))}) ${lock}`,
    )
    for (const { hash, turn } of rows) turns.set(`${lane} ${hash}`, turn)
  }
  return wanted.flatMap(({ lane, fair, hash }) => {
    const turn = turns.get(`${lane} ${hash}`)
    if (turn === undefined) return []
    return { lane, fair, turn, tasks: Math.max(0, turn - (lanes.get(lane) ?? 0)) }
  })
}
