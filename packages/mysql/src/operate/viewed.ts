import {
  byColumns,
  createTableLists,
  eraseIn,
  eventOf,
  grouped,
  topCauses,
  type AttemptRow,
  type Before,
  type CauseGroup,
  type CauseTotals,
  type InfoRow,
  type Place,
  type ScanRun,
  type StatsRow,
  type Store,
  type Viewed,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import {
  bytesOf,
  CONTENTS,
  deleteRows,
  DELIVERY,
  EVENT,
  hexes,
  idsOf,
  list,
  literal,
  NOW,
  ofEvents,
  TASK,
} from '../sql/lines.ts'
import type { Database, Sql } from '../store/connection.ts'
import { pack, unpack, type Packed } from '../store/contents.ts'
import { dropTasks } from '../store/patch.ts'
import { noteActions } from '../store/rows.ts'

const OF_EVENT = `e.id AS event, e.provider, e.event_id AS eventId, e.topic, e.tenant, e.\`key\`, e.received,
  e.receiver, COALESCE(e.contents, 0) = 2 AS erased`
// Number of bytes of topics that are indexed.
const INDEXED = 100
const inLanes = (lanes: readonly number[] | undefined): string =>
  lanes === undefined ? '' : `AND t.lane IN (${list(lanes)})`

const lists = createTableLists({
  order: 'received',
  info: `${TASK}, t.runs, t.part, t.cause, ${OF_EVENT}`,
  ofEvent: OF_EVENT,
  contents: CONTENTS,
  delivery: DELIVERY,
  event: EVENT,
  join: 'STRAIGHT_JOIN',
  byPrimary: 'FORCE INDEX (PRIMARY)',
  failed({ lanes, filter: { cause } }) {
    if (cause !== undefined)
      return `SELECT t.* FROM $.postern_tasks t FORCE INDEX (causes) WHERE t.cause = ${literal(cause)} ${inLanes(lanes)}`
    const which = lanes === undefined ? 'IS NOT NULL' : `IN (${list(lanes)})`
    return `SELECT t.* FROM $.postern_tasks t FORCE INDEX (dead) WHERE t.dead_lane ${which}`
  },
  open: ({ lanes, filter: { state } }) =>
    `SELECT t.* FROM $.postern_tasks t FORCE INDEX (ready) WHERE t.state = ${state === 'running' ? 1 : 0} AND t.behind IN (0, 1) ${inLanes(lanes)}`,
  ...byColumns({
    eventId: (id) => `e.event_id = ${literal(id)}`,
    identities: (hashes) =>
      `e.id IN (SELECT k.id FROM $.postern_keys k FORCE INDEX (PRIMARY) WHERE k.hash IN (${hexes(hashes)}))`,
    topic: (topic) => `e.topic = ${literal(topic)}`,
    topicPrefix(prefix) {
      const start = bytesOf(prefix).subarray(0, INDEXED).toString('hex')
      // UTF-8 has no byte above f4. So every string that starts with the prefix sorts before the prefix plus these bytes.
      return `e.topic >= x'${start}' AND e.topic < x'${start}ffffffff'`
    },
    // The topic is matched as text, since a class of characters would match single bytes of a character. With (?s) a dot
    // matches any character.
    topicPattern: (source) =>
      `CONVERT(e.topic USING utf8mb4) COLLATE utf8mb4_bin REGEXP CONVERT(${literal(`(?s)${source}`)} USING utf8mb4)`,
  }),
  row({ packed, shared, ...row }: InfoRow & Partial<Packed>) {
    return packed === undefined ? row : { ...row, ...unpack(packed, shared) }
  },
})

function runOn(sql: Pick<Sql, 'rows'>): ScanRun {
  return async (write) =>
    sql.rows(
      await write({
        text: literal,
        whole: String,
        number: String,
        among: (column, values) => `${column} IN (${list(values)})`,
      }),
    )
}

export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  return {
    scan: (want) => db.session(deadline, (sql) => lists.scan(runOn(sql), want)),
    placeOf: lists.placeOf,
    detail: (id) => lists.detail(runOn(db), id),
    stats: () =>
      db.rows<StatsRow>(
        `SELECT t.lane, t.state, COUNT(*) AS count,
           ${NOW} - MIN(IF(t.state = 0 AND t.behind = 0 AND t.due <= ${NOW}, t.due, NULL)) AS oldest
         FROM $.postern_tasks t GROUP BY t.lane, t.state`,
      ),
    async causes(lanes) {
      const its = lanes === undefined ? '' : `AND t.lane IN (${list(lanes)})`
      const rows = await db.rows<CauseGroup & CauseTotals & { lane: number; error: string }>(
        `SELECT t.cause, t.lane, MIN(t.error) AS error, SUM(t.state = 3) AS dead, SUM(t.state < 2) AS retrying,
           MIN(e.received) AS first, MAX(e.received) AS last FROM $.postern_tasks t JOIN $.postern_events e ON ${EVENT}
         WHERE t.cause IS NOT NULL ${its} GROUP BY t.cause, t.lane`,
      )
      return topCauses(rows)
    },
    async version() {
      // Counts all rows that the server wrote. The Handler_* counters of MySQL also count rows of its replies, so
      // Innodb_rows_* are used if they exist.
      const found = await db.rows<{ Variable_name: string; Value: number }>(
        `SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^(Innodb_rows|Handler)_(inserted|write|updated?|deleted?)$'`,
      )
      const own = found.filter((row) => row.Variable_name.startsWith('Innodb'))
      const used = own.length > 0 ? own : found
      return used.length > 0 ? used.reduce((sum, { Value }) => sum + Value, 0) : undefined
    },
    // The attempt that settled the task is in the row of the task.
    attempts: (task) =>
      db.rows<AttemptRow>(
        `SELECT a.attempt, a.ended, a.took, a.outcome, a.error, COALESCE(p.name, '') AS process FROM (
           SELECT a.seq, a.attempt, a.ended, a.took, a.outcome, a.error, a.process FROM $.postern_attempts a
           WHERE a.task = ${task} AND NOT EXISTS (
             SELECT 1 FROM $.postern_tasks t WHERE t.id = ${task} AND t.state >= 2 AND t.took IS NOT NULL AND t.runs = a.seq)
           UNION ALL
           SELECT t.runs, t.attempt, t.due, t.took, IF(t.state = 2, 'done', 'dead'), t.error, t.token DIV 4294967296
           FROM $.postern_tasks t WHERE t.id = ${task} AND t.state >= 2 AND t.took IS NOT NULL) a
         LEFT JOIN $.postern_processes p ON p.id = a.process ORDER BY a.seq`,
      ),
    erase: (...given) => db.atomic(deadline, (sql) => erase(sql, ...given)),
    async drop(events) {
      const used = await usedOf(db, events)
      const free = list(events.filter((id) => !used.has(id)))
      await db.atomic(deadline, async (sql) => {
        await sql.run(
          `DELETE k FROM $.postern_events e FORCE INDEX (PRIMARY) STRAIGHT_JOIN $.postern_keys k FORCE INDEX (PRIMARY) ON k.hash = e.hash WHERE e.id IN (${free})`,
        )
        await deleteRows(sql, 'events', 'id', free)
      })
    },
    prune: (before, place) => db.atomic(deadline, (sql) => prune(sql, before, place)),
  }
}

/**
 * Returns the events that have tasks. With `which`, an SQL condition, returns the events that have tasks for which it
 * is true.
 */
async function usedOf(
  sql: Pick<Sql, 'rows'>,
  events: readonly number[],
  which = '1 = 1',
): Promise<ReadonlySet<number>> {
  const rows = await sql.rows(
    `SELECT t.id DIV 65536 AS event FROM $.postern_tasks t FORCE INDEX (PRIMARY) WHERE (${ofEvents(events)}) AND (${which}) GROUP BY 1`,
  )
  return new Set(rows.map(({ event }) => event))
}

function erase(
  sql: Sql,
  ...[events, passing, empty, noted]: Parameters<Viewed['erase']>
): Promise<number> {
  const marked = passing ? 'e.contents = 1' : '(e.contents IS NULL OR e.contents <> 2)'
  const its = (ids: readonly number[]): string =>
    `FROM $.postern_events e FORCE INDEX (PRIMARY) WHERE e.id IN (${list(ids)})`
  let locked: readonly number[] = []
  const deliveries = new Map<number, number>()
  return eraseIn(
    {
      async lock() {
        const rows = await sql.rows<{ id: number; delivery: number | null }>(
          `SELECT e.id, e.delivery ${its(events)} AND ${marked} ORDER BY e.id FOR UPDATE SKIP LOCKED`,
        )
        locked = rows.map(({ id }) => id)
        for (const { id, delivery } of rows) if (delivery !== null) deliveries.set(id, delivery)
      },
      async resting() {
        if (locked.length === 0) return []
        const open = await usedOf(sql, locked, passing ? 't.state <> 2' : 't.state < 2')
        return locked.filter((id) => !open.has(id))
      },
      async contents(some) {
        const rows = await sql.rows<Packed & { event: number }>(
          `SELECT e.id AS event, ${CONTENTS} FROM $.postern_events e FORCE INDEX (PRIMARY) ${DELIVERY} WHERE e.id IN (${list(some)}) ORDER BY e.id`,
        )
        return rows.map(({ event, packed, shared }) => ({ event, ...unpack(packed, shared) }))
      },
      async write(left) {
        for (const { event, record, head } of left)
          await sql.run(
            `UPDATE $.postern_events SET contents = 2, packed = ?, delivery = NULL WHERE id = ?`,
            [pack({ record, head }), event],
          )
        await dropDeliveries(
          sql,
          left.flatMap(({ event }) => deliveries.get(event) ?? []),
        )
      },
      note: (rows) => noteActions(sql, rows),
    },
    empty,
    noted,
  )
}

// Number of events in one step. It is small, so that no worker waits long for a step.
const STEP = 500
const MANY = 10_000

/**
 * Drops old rows (see `Viewed.prune`). It locks keys before events, and events before tasks, in the same order as
 * deliveries are stored.
 */
async function prune(
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
  await dropTasks(sql, list([...locked]))
  const left = new Set(tasks.flatMap(({ id: task }) => (locked.has(task) ? [] : eventOf(task))))
  const empty = events.filter((one) => free.has(one.id) && !left.has(one.id))
  if (empty.length > 0) {
    const hashes = hexes(empty.map(({ hash }) => hash))
    await deleteRows(sql, 'keys', 'hash', hashes)
    await deleteRows(sql, 'events', 'id', idsOf(empty))
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

/** Locks events with their keys. Skips events that another transaction has locked. */
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
    `SELECT id FROM $.postern_${table} FORCE INDEX (PRIMARY) WHERE id IN (${list(ids)}) ${which} ORDER BY id FOR UPDATE SKIP LOCKED`,
  )
  return new Set(rows.map(({ id }) => id))
}

/** Drops those deliveries that no event needs. */
async function dropDeliveries(sql: Sql, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const used = await sql.rows<{ delivery: number }>(
    `SELECT DISTINCT delivery FROM $.postern_events FORCE INDEX (delivery) WHERE delivery IN (${list(ids)})`,
  )
  const kept = new Set(used.map(({ delivery }) => delivery))
  const free = [...new Set(ids)].filter((id) => !kept.has(id))
  await deleteRows(sql, 'deliveries', 'id', list(free))
}

/**
 * Drops old rows that belong to no event: jumps of the clock, keys of folds (which keep only the newest task of a key),
 * and numbers for the order of tasks. Also drops turns of tenants that their lane (a subscription) has passed.
 */
async function forget(sql: Sql, { done, dead, known, guards }: Before): Promise<void> {
  const steps = await sql.rows(
    `SELECT id FROM $.postern_steps WHERE at < ${Math.min(done, dead, known, guards)}`,
  )
  await deleteRows(sql, 'steps', 'id', idsOf(steps))
  const keys = await sql.rows<{ root: number; hash: string }>(
    `SELECT root, \`key\` AS hash FROM $.postern_latest n WHERE n.at < ${known}
     AND NOT EXISTS (SELECT 1 FROM $.postern_tasks t WHERE t.id = n.task) LIMIT ${STEP}`,
  )
  for (const [root, group] of grouped(keys, (one) => one.root))
    await deleteRows(
      sql,
      'latest',
      '`key`',
      hexes(group.map(({ hash }) => hash)),
      `AND r.root = ${root} AND r.at < ${known}`,
    )
  const places = await sql.rows(
    `SELECT id FROM $.postern_seq FORCE INDEX (PRIMARY) ORDER BY id LIMIT ${MANY} FOR UPDATE SKIP LOCKED`,
  )
  await deleteRows(sql, 'seq', 'id', idsOf(places))
  const past = await sql.rows<{ lane: number; hash: string }>(
    `SELECT o.lane, o.hash FROM $.postern_tenants o JOIN $.postern_lanes l ON l.id = o.lane WHERE o.turn <= l.turn LIMIT ${MANY}`,
  )
  for (const [lane, group] of grouped(past, (one) => one.lane)) {
    const its = group.map(({ hash }) => hash)
    const rows = await sql.rows<{ hash: string }>(
      `SELECT hash FROM $.postern_tenants FORCE INDEX (PRIMARY) WHERE lane = ${lane} AND hash IN (${hexes(its)})
       AND turn <= (SELECT turn FROM $.postern_lanes WHERE id = ${lane}) FOR UPDATE SKIP LOCKED`,
    )
    const hashes = hexes(rows.map(({ hash }) => hash))
    await deleteRows(sql, 'tenants', 'hash', hashes, `AND r.lane = ${lane}`)
  }
}
