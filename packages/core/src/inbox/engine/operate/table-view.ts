import type { TableSql } from '../table-sql.ts'
import type { AttemptRow, StatsRow, Viewed } from './store.ts'
import { topCauses, type CauseGroup } from './top-causes.ts'

/**
 * SQL that differs between database servers: the current time, and the condition that joins tasks `t` to events `e`.
 */
interface ViewDialect {
  readonly now: string
  readonly event: string
}

/** Makes the methods of `Viewed` that read whole tables. */
export function createTableStats(
  { rows }: Pick<TableSql, 'rows'>,
  { now, event }: ViewDialect,
): Pick<Viewed, 'stats' | 'causes' | 'attempts'> {
  return {
    async stats() {
      const found = await rows<StatsRow>(
        () =>
          `SELECT t.lane, t.state, count(*) AS count,
             ${now} - min(CASE WHEN t.state = 0 AND NOT t.behind AND t.due <= ${now} THEN t.due END) AS oldest
           FROM $.postern_tasks t GROUP BY t.lane, t.state`,
      )
      return found.map(({ count, oldest, ...row }) => ({
        ...row,
        count: Number(count),
        oldest: oldest === null ? null : Number(oldest),
      }))
    },
    async causes(lanes) {
      const found = await rows<CauseGroup & { lane: number; error: string }>(
        ({ among }) =>
          `SELECT t.cause, t.lane, min(t.error) AS error, sum(CASE WHEN t.state = 3 THEN 1 ELSE 0 END) AS dead,
             sum(CASE WHEN t.state < 2 THEN 1 ELSE 0 END) AS retrying, min(e.received) AS first, max(e.received) AS last
           FROM $.postern_tasks t JOIN $.postern_events e ON ${event}
           WHERE t.cause IS NOT NULL ${lanes === undefined ? '' : `AND ${among('t.lane', lanes)}`} GROUP BY t.cause, t.lane`,
      )
      return topCauses(
        found.map(({ dead, retrying, first, last, ...row }) => ({
          ...row,
          dead: Number(dead),
          retrying: Number(retrying),
          first: Number(first),
          last: Number(last),
        })),
      )
    },
    // The attempt that settled the task is in the row of the task.
    async attempts(task) {
      const found = await rows<AttemptRow>(({ whole }) => {
        const settled = `$.postern_tasks t WHERE t.id = ${whole(task)} AND t.state >= 2 AND t.took IS NOT NULL`
        return `SELECT a.attempt, a.ended, a.took, a.outcome, a.error, COALESCE(p.name, '') AS process FROM (
             SELECT a.seq, a.attempt, a.ended, a.took, a.outcome, a.error, a.process FROM $.postern_attempts a
             WHERE a.task = ${whole(task)} AND NOT EXISTS (SELECT 1 FROM ${settled} AND t.runs = a.seq)
             UNION ALL
             SELECT t.runs, t.attempt, t.due, t.took, CASE t.state WHEN 2 THEN 'done' ELSE 'dead' END, t.error,
               floor(t.token / 4294967296) FROM ${settled}) a
           LEFT JOIN $.postern_processes p ON p.id = a.process ORDER BY a.seq`
      })
      return found.map((row) => ({ ...row, ended: Number(row.ended) }))
    },
  }
}
