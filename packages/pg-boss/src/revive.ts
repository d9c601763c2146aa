import type { Engine } from './engine.ts'
import { namesOfJobs, type EventTasks } from './event-jobs.ts'
import { enqueue, lockKeys } from './order.ts'
import type { PgExecutor } from './pg.ts'
import { ALONE, INTERRUPTED, PARKED } from './turns.ts'

/** Runs the failed tasks of known events again: dead ones from their first attempt, waiting ones at once. Returns the events. */
export type Revive = (client: PgExecutor, events: readonly string[]) => Promise<ReadonlySet<string>>

/** Which of a number of jobs are to run again. */
const FAILED = `(j.state = 'failed' OR (j.state = 'retry' AND j.output IS NOT NULL AND j.start_after > clock_timestamp()))`

/**
 * True for jobs whose event was not erased. A subquery for each job: PostgreSQL may read all events for a join. Ask in a
 * statement that begins once the job is locked.
 */
export function notErased(schema: string): string {
  return `(SELECT e.contents FROM ${schema}.postern_events e WHERE e.id = (j.data->>'event')::uuid) IS DISTINCT FROM 2`
}

/** Makes the revival of a redelivery's tasks. */
export function createRevive(engine: Engine, lineOf: (queue: string) => string): Revive {
  const { schema } = engine.settings
  const failing = `${FAILED} AND ${notErased(schema)}`
  return async (client, events) => {
    // The lock keeps pruning away. An event it took before is gone: storing the delivery again stores it as new.
    const known = await client.executeSql(
      `SELECT e.id, e.tasks FROM ${schema}.postern_events e WHERE e.id = ANY($1::uuid[]) ORDER BY e.id FOR KEY SHARE`,
      [events],
    )
    if (known.rows.length < events.length) throw new Pruned()
    const jobs = await namesOfJobs(engine, known.rows as unknown as EventTasks[])
    const failed = await client.executeSql(
      `SELECT j.id, j.data->>'order' AS key FROM ${schema}.job j
       WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND ${failing}`,
      [[...new Set(jobs.map((job) => job.name))], jobs.map((job) => job.id)],
    )
    if (failed.rows.length === 0) return new Set()
    const ids = new Set(failed.rows.map((row) => row['id'] as string))
    return reviveJobs(
      client,
      schema,
      lineOf,
      jobs.filter((job) => ids.has(job.id)),
      failed.rows.flatMap((row) => (row['key'] as string | null) ?? []),
      failing,
    )
  }
}

/** Makes jobs pending that still fulfil `condition`. Returns their events. */
export async function reviveJobs(
  client: PgExecutor,
  schema: string,
  lineOf: (queue: string) => string,
  jobs: readonly { readonly name: string; readonly id: string; readonly wait?: number }[],
  keys: readonly string[],
  condition: string,
): Promise<ReadonlySet<string>> {
  await lockKeys(client, keys)
  // Asked again on the locked rows: of two redeliveries at once, one revives. The base of a dead task becomes its number of
  // attempts, so it starts from the first. pg-boss's own count goes on, so an old claim never fits again.
  const revived = await client.executeSql(
    `WITH a AS (
       INSERT INTO ${schema}.postern_attempts (task, run, attempt, started, duration, outcome, process)
       SELECT j.id, j.retry_count, j.retry_count - (j.data->>'base')::int + 1, (j.output->>'at')::bigint,
         (j.output->>'ms')::float8, 'done', j.output->>'by'
       FROM ${schema}.job j WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND j.state = 'completed'
         AND j.output ? 'at' ON CONFLICT DO NOTHING)
     UPDATE ${schema}.job j SET state = 'retry', completed_on = NULL,
       start_after = clock_timestamp() + ($3::float8[])[array_position($2::uuid[], j.id)] * interval '1 millisecond',
       priority = CASE WHEN (j.data->>'cut')::int >= 3 THEN ${ALONE} WHEN j.data ? 'cut' THEN ${INTERRUPTED}
         WHEN j.data ? 'fair' THEN ${PARKED} ELSE 0 END,
       output = CASE WHEN j.state = 'completed' THEN NULL ELSE j.output END,
       data = CASE WHEN j.state IN ('created', 'retry') THEN j.data ELSE jsonb_set(j.data, '{base}', to_jsonb(j.retry_count + 1)) END
     WHERE j.name = ANY($1::text[]) AND j.id = ANY($2::uuid[]) AND ${condition}
     RETURNING j.id, j.name, j.data->>'event' AS event, j.data->>'order' AS key, j.created_on`,
    [
      [...new Set(jobs.map((job) => job.name))],
      jobs.map((job) => job.id),
      jobs.map((job) => job.wait ?? 0),
    ],
  )
  const ordered = revived.rows
    .filter((row) => row['key'] !== null)
    .toSorted((a, b) => Number(a['created_on']) - Number(b['created_on']))
    .map((row) => ({
      id: row['id'] as string,
      queue: row['name'] as string,
      line: lineOf(row['name'] as string),
      key: row['key'] as string,
    }))
  await enqueue(client, schema, ordered)
  return new Set(revived.rows.map((row) => row['event'] as string))
}

/** The event was pruned between two statements. */
class Pruned extends Error {
  // Like a deadlock: the same transaction succeeds at the next try.
  readonly code = '40001'

  constructor() {
    super('an event was pruned while it came again')
  }
}
