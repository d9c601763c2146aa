import {
  eraseIn,
  topCauses,
  type AttemptRow,
  type CauseGroup,
  type CauseTotals,
  type FullRow,
  type StatsRow,
  type Store,
  type Viewed,
} from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import { CONTENTS, DELIVERY, EVENT, INFO, list, NOW, ofEvents, toInfo } from '../sql/lines.ts'
import type { Database, Sql } from '../store/connection.ts'
import { pack, unpack, type Packed } from '../store/contents.ts'
import { noteActions } from '../store/rows.ts'
import { dropDeliveries, prune } from './prune.ts'
import { rowPlace, scan } from './scan.ts'

/** Makes what operators read and change. */
export function createViewed(
  db: Database,
  { deadline }: Settings,
): Viewed & Required<Pick<Store, 'drop'>> {
  return {
    scan: (want) => db.session(deadline, (sql) => scan(sql, want)),
    placeOf: rowPlace,
    async detail(id) {
      const [row] = await db.rows<FullRow>(
        `SELECT ${INFO}, t.data, ${CONTENTS} FROM $.postern_tasks t STRAIGHT_JOIN $.postern_events e ON ${EVENT} ${DELIVERY} WHERE t.id = ${id}`,
      )
      return row && (toInfo(row) as FullRow)
    },
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
      // Rows that the server wrote in all: MySQL counts those of its own answers among its Handler_*.
      const found = await db.rows<{ Variable_name: string; Value: number }>(
        `SHOW GLOBAL STATUS WHERE Variable_name RLIKE '^(Innodb_rows|Handler)_(inserted|write|updated?|deleted?)$'`,
      )
      const own = found.filter((row) => row.Variable_name.startsWith('Innodb'))
      const used = own.length > 0 ? own : found
      return used.length > 0 ? used.reduce((sum, { Value }) => sum + Value, 0) : undefined
    },
    // The run that settled the task is on its own row.
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
    erase: (events, passing, empty, noted) =>
      db.atomic(deadline, async (sql) => {
        const count = await erase(sql, events, passing, empty)
        const notes = noted(count)
        if (notes.length > 0) await noteActions(sql, notes)
        return count
      }),
    async drop(events) {
      const used = await usedOf(db, events)
      const free = events.filter((id) => !used.has(id))
      if (free.length === 0) return
      await db.atomic(deadline, async (sql) => {
        await sql.run(
          `DELETE k FROM $.postern_events e FORCE INDEX (PRIMARY) STRAIGHT_JOIN $.postern_keys k FORCE INDEX (PRIMARY) ON k.hash = e.hash WHERE e.id IN (${list(free)})`,
        )
        await sql.run(
          `DELETE e FROM $.postern_events e FORCE INDEX (PRIMARY) WHERE e.id IN (${list(free)})`,
        )
      })
    },
    prune: (before, place) => db.atomic(deadline, (sql) => prune(sql, before, place)),
  }
}

/** Of these events, those that have tasks; `which` says of what kind. */
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
  events: readonly number[],
  passing: boolean,
  empty: Parameters<Viewed['erase']>[2],
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
    },
    empty,
  )
}
