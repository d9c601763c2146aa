import { DEAD, READY, revived, type TaskChange } from '@postern/core/engine'
import { Job } from 'bullmq'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parseRef, type Queues } from '../store/queues.ts'

// BullMQ's error codes (https://github.com/taskforcesh/bullmq) for a job that another client changed first.
const GONE = -1
const ELSEWHERE = -3

export interface ReviveContext {
  readonly client: RedisClient
  readonly prefix: string
  readonly queues: Queues
}

/**
 * Revives the failed tasks of a known event. Returns true if at least one task was revived. Each of the `refs` is a
 * letter for the state of a job, then `queue:id`. The letter is `f` for a dead job, and `d` for a job that waits for
 * its next attempt. If several redeliveries arrive at the same time, only one of them revives a job: BullMQ's scripts
 * change a job only if its state is still the same.
 */
export async function revive(context: ReviveContext, refs: readonly string[]): Promise<boolean> {
  const done = await Promise.all(
    refs.map((ref) =>
      ref.startsWith('f')
        ? again(context, ref.slice(1), ANEW)
        : promoteJob(context.queues, ref.slice(1)),
    ),
  )
  return done.includes(true)
}

// The change that starts a task again. Most of its values are placeholders: the script AGAIN reads attempts,
// interruptions and the turn (place in the fair order over tenants) from the job.
const ANEW = revived(
  {
    state: DEAD,
    gate: READY,
    cut: 0,
    fair: null,
    line: null,
    attempt: 0,
    took: null,
    error: null,
    due: 0,
  },
  'settled',
).change

/** Starts a completed or failed job again. Returns false for other jobs, and if the event's contents were erased. */
export async function again(
  { client, prefix, queues }: ReviveContext,
  ref: string,
  { charged = 0, attempt, wait = 0 }: Pick<TaskChange, 'charged' | 'attempt' | 'wait'>,
): Promise<boolean> {
  const { queue, id } = parseRef(ref)
  const from = await runScript(client, 'AGAIN', prefix, queue, id, charged)
  if (from !== 'failed' && from !== 'completed') return false
  if (wait > 0) return (await runScript(client, 'LATER', prefix, queue, id, from, wait)) === 1
  const first = attempt === 0
  const job = await handle(queues, ref)
  const retried = job.retry(from, { resetAttemptsMade: first, resetAttemptsStarted: first })
  const done = await unlessChanged(retried)
  // This message wakes the workers. Without the message, they find the job within a second.
  if (done) client.publish(`${prefix}:wake`, queue).catch(() => {})
  return done
}

/** Makes a delayed job due now. Returns false if the job is not delayed. */
export async function promoteJob(queues: Queues, ref: string): Promise<boolean> {
  return unlessChanged((await handle(queues, ref)).promote())
}

/** Returns a `Job` object without data. Its methods need only the id. */
async function handle(queues: Queues, ref: string): Promise<Job> {
  const { queue, id } = parseRef(ref)
  return new Job(await queues.get(queue), '', {}, {}, id)
}

async function unlessChanged(work: Promise<void>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === GONE || code === ELSEWHERE) return false
    throw error
  }
}
