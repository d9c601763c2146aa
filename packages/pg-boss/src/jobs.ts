import type { TaskDraft } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { fairIdOf, orderIdOf, taskIdOf } from './ids.ts'
import type { PgExecutor } from './pg.ts'
import type { Queue } from './names.ts'

/** A task to be stored as a job. */
export interface NewJob {
  readonly queue: Queue
  readonly id: string
  readonly data: JobData
}

/** What a job of pg-boss carries. */
export interface JobData {
  /** Id of its event. */
  readonly event: string
  readonly part?: string
  /** JSON as a string: PostgreSQL's jsonb does not allow every string that JSON can hold. */
  readonly data?: string
  /** Id of its order key. */
  readonly order?: string
  /** Id of its fair key. */
  readonly fair?: string
  /** How often the job was fetched without an attempt being counted. */
  readonly base: number
  /** Seconds a claim holds without a sign of life. pg-boss's `heartbeat_seconds` stays empty: its own supervision would free the job and use up an attempt. */
  readonly lease: number
  /** Interruptions in a row; absent without one. */
  readonly cut?: number
  /** Those among them that were charged. */
  readonly charged?: number
}

// pg-boss must not give up or forget a task: retry policy and retention are the receiver's. They are columns of jobs,
// not of queues: the longest times that pg-boss allows for queues are shorter than a retry span.
const FOREVER = 1_000_000_000

/** Makes the job of a task. */
export function toJob(
  queue: Queue,
  event: { readonly id: string; readonly key: string },
  draft: TaskDraft,
  lease: number,
): NewJob {
  const { receiver } = queue
  const { subscription, part, orderKey, fairKey, data } = draft
  return {
    queue,
    id: taskIdOf(receiver, event.key, subscription, part),
    data: {
      event: event.id,
      ...(part !== undefined && { part: JSON.stringify(part) }),
      ...(data !== undefined && { data: JSON.stringify(data) }),
      ...(orderKey !== undefined && { order: orderIdOf(receiver, orderKey) }),
      ...(fairKey !== undefined && { fair: fairIdOf(receiver, fairKey) }),
      base: 0,
      lease: lease / 1000,
    },
  }
}

/**
 * Stores jobs in one statement for any number of queues: pg-boss's `insert` needs one for each queue. Returns the ids of
 * the new jobs.
 */
export async function insertJobs(
  { settings: { schema } }: Engine,
  db: PgExecutor,
  jobs: readonly NewJob[],
  priorities: ReadonlyMap<string, number>,
): Promise<ReadonlySet<string>> {
  if (jobs.length === 0) return new Set()
  const { rows } = await db.executeSql(
    `INSERT INTO ${schema}.job (id, name, data, priority, start_after, created_on, keep_until, retry_limit,
       expire_seconds, deletion_seconds, policy)
     SELECT id, name, data, COALESCE(priority, 0), now(), now(), now() + ${FOREVER} * interval '1 second', ${FOREVER},
       ${FOREVER}, 0, 'standard'
     FROM json_to_recordset($1::json) AS j(id uuid, name text, data jsonb, priority int)
     ON CONFLICT DO NOTHING RETURNING id`,
    [
      JSON.stringify(
        jobs.map(({ id, queue, data }) => ({
          id,
          name: queue.name,
          data,
          priority: priorities.get(id),
        })),
      ),
    ],
  )
  return new Set(rows.map((row) => row['id'] as string))
}
