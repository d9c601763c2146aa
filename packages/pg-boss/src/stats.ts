import { createHash } from 'node:crypto'
import type { Consumer, InboxView, LaneStats, TaskError } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { FAILING } from './filter.ts'
import { findOrphans } from './orphans.ts'
import type { PgExecutor } from './pg.ts'

// Tasks of a subscription and state that are counted one by one. Beyond, pg-boss's own figure for the queue is used,
// which is about a minute old: counting a million takes half a second.
const COUNTED = 1000
const CAUSES = 100

/** Makes the figures of the view. None of them counts all tasks. */
export function createStats(
  engine: Engine,
  run: <T>(work: (db: PgExecutor) => Promise<T>) => Promise<T>,
  consumers: () => readonly Consumer[],
): Pick<InboxView, 'stats' | 'causes' | 'version' | 'orphans'> {
  const { schema } = engine.settings
  const count = (condition: string): string =>
    `(SELECT count(*)::int FROM (SELECT 1 FROM ${schema}.job j WHERE j.name = l.queue AND ${condition} LIMIT ${COUNTED}) c)`
  // In the order of the index: else PostgreSQL reads all its entries first.
  const done = count(
    "j.completed_on IS NOT NULL AND j.state = 'completed' ORDER BY j.completed_on DESC",
  )
  const oldest = (state: string): string =>
    `(SELECT min(j.start_after) FROM ${schema}.job j WHERE j.name = l.queue AND j.state = '${state}' AND NOT j.blocked)`
  const stats = `SELECT l.receiver, l.subscription,
      ${count("j.state = 'created'")} AS created, ${count("j.state = 'retry'")} AS retry, ${count("j.state = 'active'")} AS running,
      ${count("j.state > 'completed'")} AS dead, ${done} AS done,
      q.queued_count AS "manyPending", q.active_count AS "manyRunning", q.failed_count AS "manyDead",
      q.total_count - q.queued_count - q.active_count - q.failed_count AS "manyDone",
      extract(epoch FROM LEAST(${oldest('created')}, ${oldest('retry')}))::float8 * 1000 AS oldest,
      extract(epoch FROM clock_timestamp())::float8 * 1000 AS now
    FROM ${schema}.postern_lanes l LEFT JOIN ${schema}.queue q ON q.name = l.queue ORDER BY l.id`
  const causes = `WITH g AS (
      SELECT l.queue AS name, f.cause, count(*) FILTER (WHERE f.dead)::int AS dead, count(*) FILTER (WHERE NOT f.dead)::int AS retrying
      FROM ${schema}.postern_lanes l CROSS JOIN LATERAL (
        SELECT j.output->>'cause' AS cause, j.state > 'completed' AS dead FROM ${schema}.job j
        WHERE j.name = l.queue AND ${FAILING} AND j.output->>'cause' IS NOT NULL) f
      WHERE l.receiver = COALESCE($1, l.receiver) AND l.subscription = COALESCE($2, l.subscription)
      GROUP BY 1, 2 ORDER BY count(*) DESC, 2 LIMIT ${CAUSES})
    SELECT g.cause, g.dead, g.retrying, l.receiver, l.subscription, s.output, s.received AS first, z.received AS last
    FROM g JOIN ${schema}.postern_lanes l ON l.queue = g.name
    CROSS JOIN LATERAL (${edge(schema, 'ASC')}) s CROSS JOIN LATERAL (${edge(schema, 'DESC')}) z
    ORDER BY g.dead + g.retrying DESC, g.cause`

  return {
    stats: () =>
      run(async (db) => {
        const { rows } = await db.executeSql(stats)
        return (rows as unknown as StatsRow[]).map(toStats)
      }),
    causes: ({ receiver, subscription } = {}) =>
      run(async (db) => {
        const { rows } = await db.executeSql(causes, [receiver ?? null, subscription ?? null])
        return (rows as unknown as CauseRow[]).map(({ output, ...row }) => {
          const { name, message, stack, issues } = output
          return {
            ...row,
            sample: { name, message, ...(stack && { stack }), ...(issues && { issues }) },
          }
        })
      }),
    version: () =>
      run(async (db) => {
        // Which transactions are over: it changes with each one that wrote, whoever made it.
        const { rows } = await db.executeSql('SELECT pg_current_snapshot()::text AS snapshot')
        const digest = createHash('sha256').update(String(rows[0]!['snapshot'])).digest()
        return digest.readUIntBE(0, 6)
      }),
    orphans: () => run((db) => findOrphans(db, engine, consumers())),
  }
}

/** The first or last task of a cause. */
function edge(schema: string, order: 'ASC' | 'DESC'): string {
  return `SELECT j.output, e.received::float8 AS received FROM ${schema}.job j
    JOIN ${schema}.postern_events e ON e.id = (j.data->>'event')::uuid
    WHERE j.name = g.name AND j.output->>'cause' = g.cause AND ${FAILING}
    ORDER BY j.created_on ${order}, j.id ${order} LIMIT 1`
}

function toStats(row: StatsRow): LaneStats {
  const few = (counted: number, many: number | null): number =>
    counted < COUNTED ? counted : Math.max(counted, many ?? 0)
  return {
    receiver: row.receiver,
    subscription: row.subscription,
    counts: {
      pending:
        Math.max(row.created, row.retry) < COUNTED
          ? row.created + row.retry
          : Math.max(row.created + row.retry, row.manyPending ?? 0),
      running: few(row.running, row.manyRunning),
      done: few(row.done, row.manyDone),
      dead: few(row.dead, row.manyDead),
    },
    oldest: row.oldest !== null && row.oldest <= row.now ? row.oldest : undefined,
  }
}

interface StatsRow {
  readonly receiver: string
  readonly subscription: string
  readonly created: number
  readonly retry: number
  readonly running: number
  readonly dead: number
  readonly done: number
  readonly manyPending: number | null
  readonly manyRunning: number | null
  readonly manyDead: number | null
  readonly manyDone: number | null
  readonly oldest: number | null
  readonly now: number
}

interface CauseRow {
  readonly cause: string
  readonly dead: number
  readonly retrying: number
  readonly receiver: string
  readonly subscription: string
  readonly output: TaskError
  readonly first: number
  readonly last: number
}
