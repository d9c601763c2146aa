import type { TaskDraft } from '@postern/core/inbox'
import type { Engine } from './engine.ts'
import { orderIdOf, taskIdOf } from './ids.ts'
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
  /** JSON as text: PostgreSQL's jsonb does not take every text JSON can hold. */
  readonly data?: string
  /** Id of its order key. */
  readonly order?: string
  /** How often the job was fetched without it counting as an attempt. */
  readonly base: number
}

// pg-boss must neither give up on a task nor forget one: the retry policy and the retention are the receiver's. As
// options of jobs and not of queues, since the longest times pg-boss takes for queues are shorter than a retry span.
const FOREVER = 1_000_000_000

/** Makes the job of a task. */
export function toJob(
  queue: Queue,
  event: { readonly id: string; readonly key: string },
  draft: TaskDraft,
): NewJob {
  const { receiver } = queue
  const { subscription, part, orderKey, data } = draft
  return {
    queue,
    id: taskIdOf(receiver, event.key, subscription, part),
    data: {
      event: event.id,
      ...(part !== undefined && { part: JSON.stringify(part) }),
      ...(data !== undefined && { data: JSON.stringify(data) }),
      ...(orderKey !== undefined && { order: orderIdOf(receiver, orderKey) }),
      base: 0,
    },
  }
}

/** Stores jobs, a statement a queue. Gives the ids of those that were not there, where `returnId` asks for it. */
export async function insertJobs(
  engine: Engine,
  db: PgExecutor,
  jobs: readonly NewJob[],
  returnId: boolean,
): Promise<readonly string[]> {
  const heartbeatSeconds = engine.settings.lease / 1000
  const inserted: string[] = []
  for (const [name, group] of Map.groupBy(jobs, (job) => job.queue.name)) {
    const rows = group.map(({ id, data }) => ({
      id,
      data,
      retryLimit: FOREVER,
      expireInSeconds: FOREVER,
      retentionSeconds: FOREVER,
      deleteAfterSeconds: 0,
      heartbeatSeconds,
    }))
    const ids = await engine.boss.insert(name, rows, { db, returnId })
    if (ids) inserted.push(...ids)
  }
  return inserted
}
