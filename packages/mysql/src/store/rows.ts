import {
  DEAD,
  DONE,
  foldKey,
  grouped,
  guardHash,
  hashOf,
  LATER,
  storable,
  takeGuards,
  TASKS,
  type ActionRow,
  type FoldRow,
  type HeadRow,
  type Lost,
  type Newest,
  type Rows,
  type Stride,
  type TaskRow,
  type Turn,
} from '@postern/core/engine'
import { LOCKS } from '../sql/schema.ts'
import {
  EVENT,
  hexes,
  idsOf,
  jsonOf,
  list,
  micros,
  NOW,
  ofEvents,
  TASK,
  tableOf,
  updateTasks,
} from '../sql/lines.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Row, Sql, Value } from './connection.ts'
import { addEvents, addKeys, addTasks, insertRows } from './insert.ts'
import { byId, patchTasks } from './patch.ts'

export interface RowsHost {
  readonly lease: number
  /** True if the number of changed rows can be trusted (see `Database.counts`). */
  readonly counts: boolean
  /** True if the open transaction sees what other transactions commit in the meantime. */
  readonly fresh: boolean
  /** True to wait for locked lines (ordered groups), in a transaction of the app, which the inbox cannot repeat. */
  readonly waits?: boolean
}

const RECORDS = {
  head: 'INSERT INTO $.postern_records (`key`, value, version)',
  row: '?,?,1',
  tail: 'ON DUPLICATE KEY UPDATE value = VALUES(value), version = version + 1',
}

/** Creates {@link Rows} for an open transaction. Locking statements name an index: a scan would lock more rows. */
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
      const found = await sql.rows<{ id: number; hash: string }>(
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
        // If several events of a delivery want the same key, the first event gets it.
        const first = new Map(own.toReversed().map(({ key, event }) => [key, event]))
        const keys = [...first.keys()].sort()
        await sql.run(
          `INSERT INTO $.postern_guards (hash, event, taken) VALUES ${keys.map((key) => `(x'${key}',x'${first.get(key)!}',${NOW})`).join()}
           ON DUPLICATE KEY UPDATE hash = hash`,
        )
        // FOR UPDATE reads the latest committed rows. A read from the transaction's snapshot could miss guards of other
        // transactions. A guard is a key that only one event can have.
        const rows = await sql.rows<{ hash: string; holder: string }>(
          `SELECT hash, event AS holder FROM $.postern_guards FORCE INDEX (PRIMARY) WHERE hash IN (${hexes(keys)}) FOR UPDATE`,
        )
        return new Map(rows.map(({ hash, holder }) => [hash, holder]))
      }),
    async unguard(taken) {
      await tableSql(sql).drop('guards', ({ amongHashes }) =>
        amongHashes('r.hash', taken.map(guardHash)),
      )
    },
    async finish(ended) {
      const done = await sql.run(FINISH, [
        jsonOf(byId(ended).map(({ id, token, took }) => [id, token, micros(took)])),
      ])
      if (done?.changed === ended.length) return new Set(ended.map(({ id }) => id))
      // If a task is already done with the same token, an earlier call has stored its end, and only the reply was lost.
      const tokens = new Map(ended.map(({ id, token }) => [id, token]))
      const rows = await sql.rows(
        `SELECT id, token FROM $.postern_tasks FORCE INDEX (PRIMARY) WHERE id IN (${list([...tokens.keys()])}) AND state = ${DONE}`,
      )
      return new Set(ownOf(rows, tokens))
    },
    patch: (patches, fence) => patchTasks(sql, patches, fence),
    async spawn(event, children) {
      // Two tasks of the event may end at the same time. The lock gives their children different numbers.
      await sql.rows(
        `SELECT id FROM $.postern_events FORCE INDEX (PRIMARY) WHERE id = ${event} FOR UPDATE`,
      )
      const its = await sql.rows<Row & { part: string }>(
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
      // A snapshot may not show what the last holder of a line (ordered group) wrote. So for these lines, the engine
      // decides after this transaction.
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
        `SELECT id FROM $.postern_tasks FORCE INDEX (PRIMARY) WHERE id IN (${idsOf(changes)}) AND state = 0 ORDER BY id FOR UPDATE`,
      )
      const pending = new Set(rows.map(({ id }) => id))
      const those = changes.filter(({ id }) => pending.has(id))
      for (const value of [1, 0]) {
        const ids = those.flatMap(({ id, behind }) => (Number(behind) === value ? id : []))
        await updateTasks(sql, ids, `t.behind = ${value}`)
      }
      return those.length
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
      const rows = await lockTasks(sql, found, `t.state = 0 AND t.behind = 0 AND t.gate = ${LATER}`)
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
      const held = found.flatMap((one) => (one.held ? one.id : []))
      await updateTasks(sql, held, 't.lease = NULL')
      return found
    },
  }
}

const FINISH = `UPDATE ${tableOf({ id: 'BIGINT', token: 'BIGINT', took: 'BIGINT' })} STRAIGHT_JOIN $.postern_tasks t FORCE INDEX (PRIMARY) ON t.id = i.id
  SET t.state = ${DONE}, t.due = ${NOW}, t.lease = NULL, t.took = i.took WHERE t.token = i.token AND t.state = 1`

/**
 * Locks tasks that no other transaction has locked, and returns their rows. The statement uses only the primary key:
 * after SKIP LOCKED on another index, MariaDB 11.8 keeps the lock of the skipped index record. The transaction that
 * holds the row then waits for that lock.
 */
export async function lockTasks(
  sql: Sql,
  found: readonly { readonly id: number }[],
  which: string,
): Promise<readonly TaskRow[]> {
  if (found.length === 0) return []
  return sql.rows<TaskRow>(
    `SELECT ${TASK} FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE t.id IN (${idsOf(byId(found))}) AND ${which}
     ORDER BY t.id FOR UPDATE SKIP LOCKED`,
  )
}

export function ownOf(
  rows: readonly Row[],
  tokens: ReadonlyMap<number, number>,
): readonly number[] {
  return rows.flatMap(({ id, token }) => (tokens.get(id) === Number(token) ? id : []))
}

export function noteActions(sql: Sql, rows: readonly ActionRow[]): Promise<void> {
  const all = rows.map(({ key, value }) => [key, value])
  return insertRows(sql, RECORDS, all)
}

type Hashed<One> = One & { readonly hash: string }

/** Returns tenants with their hashes, sorted in the same order in all processes. */
export function tenantsOf<One extends Omit<Stride, 'step'>>(
  all: readonly One[],
): readonly Hashed<One>[] {
  return all
    .map((one) => ({ ...one, hash: hashOf(String(one.lane), one.fair) }))
    .sort((a, b) => a.lane - b.lane || (a.hash < b.hash ? -1 : 1))
}

export async function turnsOf(
  sql: Pick<Sql, 'rows'>,
  all: readonly { readonly lane: number }[],
): Promise<ReadonlyMap<number, number>> {
  const lanes = [...new Set(all.map(({ lane }) => lane))]
  const rows = await sql.rows(`SELECT id, turn FROM $.postern_lanes WHERE id IN (${list(lanes)})`)
  return new Map(rows.map(({ id, turn }) => [id, turn]))
}

/** Returns the turns (places in the rotation of tenants) of the tenants that have a turn. */
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

const LATEST = {
  head: 'INSERT INTO $.postern_latest (root, `key`, task, highest, at)',
  row: `?,?,?,?,${NOW}`,
  tail: 'ON DUPLICATE KEY UPDATE task = VALUES(task), highest = VALUES(highest), at = VALUES(at)',
}

function createFolds(sql: Sql): Pick<Rows, 'foldable' | 'remember' | 'newest'> {
  return {
    async foldable(lines) {
      const rows = await sql.rows<Omit<FoldRow, 'newest' | 'highest'>>(
        `SELECT ${TASK}, t.root, t.seq, 0 AS held, ${NOW} AS now, IF(e.contents = 1, e.\`key\`, NULL) AS passing
         FROM $.postern_tasks t FORCE INDEX (ordered) LEFT JOIN $.postern_events e ON ${EVENT}
         WHERE t.open_line IN (${list(lines)}) AND t.state = 0 AND t.fold IS NOT NULL ORDER BY t.seq`,
      )
      const known = await latest(rows.map(({ root, fold }) => ({ root, key: foldKey(fold!) })))
      return rows.map((row) => {
        const found = known.get(placeOf(row.root, foldKey(row.fold!)))
        return { ...row, newest: found?.task ?? null, highest: found?.highest ?? null }
      })
    },
    async remember(newest) {
      const rows = newest.map(({ root, key, task, highest }): Value[] => [
        root,
        Buffer.from(key, 'hex'),
        task,
        highest,
      ])
      await insertRows(sql, LATEST, rows)
    },
    async newest(ids) {
      // The stored root of a settled task may be old, so the current root of its lane is used. A lane is a
      // subscription, and a root is a number that a lane shares with its previous names.
      const tasks = await sql.rows<Pick<TaskRow, 'id' | 'fold'> & { root: number }>(
        `SELECT t.id, t.fold, l.root FROM $.postern_tasks t JOIN $.postern_lanes l ON l.id = t.lane
         WHERE t.id IN (${list(ids)}) AND t.fold IS NOT NULL`,
      )
      const known = await latest(tasks.map(({ root, fold }) => ({ root, key: foldKey(fold!) })))
      const found = tasks.flatMap(({ id, root, fold }) => {
        const one = known.get(placeOf(root, foldKey(fold!)))
        return one ? { id, task: one.task } : []
      })
      const rows = await sql.rows<TaskRow>(
        `SELECT ${TASK} FROM $.postern_tasks t JOIN $.postern_events e ON ${EVENT}
         WHERE t.id IN (${list(found.map(({ task }) => task))}) AND (e.contents IS NULL OR e.contents <> 2)`,
      )
      const whole = new Map(rows.map((row) => [row.id, row]))
      return new Map(found.map(({ id, task }) => [id, { id: task, row: whole.get(task) }]))
    },
  }

  async function latest(
    keys: readonly Pick<Newest, 'root' | 'key'>[],
  ): Promise<ReadonlyMap<string, Omit<Newest, 'key'>>> {
    if (keys.length === 0) return new Map()
    const places = [...grouped(keys, ({ root }) => root)].map(
      ([root, its]) => `(root = ${root} AND \`key\` IN (${hexes(its.map(({ key }) => key))}))`,
    )
    const rows = await sql.rows<Omit<Newest, 'key'> & { readonly hash: string }>(
      `SELECT root, \`key\` AS hash, task, highest FROM $.postern_latest FORCE INDEX (PRIMARY) WHERE ${places.join(' OR ')}`,
    )
    return new Map(
      // `readRows` converts a text of digits to a number, so `highest` is converted back.
      rows.map(({ hash, highest, ...row }) => [
        placeOf(row.root, hash),
        { ...row, highest: highest === null ? null : String(highest) },
      ]),
    )
  }
}

function placeOf(root: number, key: string): string {
  return `${root} ${key}`
}
