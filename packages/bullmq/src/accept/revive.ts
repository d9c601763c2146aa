import { DEAD, READY, revived, type TaskChange } from '@postern/core/engine'
import { Job } from 'bullmq'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parseRef, type Queues } from '../store/queues.ts'

// Error codes of BullMQ (https://github.com/taskforcesh/bullmq) if another client has changed the job first.
const GONE = -1
const ELSEWHERE = -3

export interface ReviveContext {
  readonly client: RedisClient
  readonly prefix: string
  readonly queues: Queues
}

/**
 * Revives the failed tasks of a known event. A letter before each ref says its state: `f` dead, `d` waiting for its next attempt.
 * BullMQ's scripts change a job only if it still has that state, so only one of several concurrent redeliveries revives it. Returns
 * whether this one did.
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

// Attempts, turn and interruptions are in the job, which the script reads.
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

/** Starts a settled job again. False if it is not settled, or if its event was erased. */
export async function again(
  { client, prefix, queues }: ReviveContext,
  ref: string,
  { charged = 0, attempt, wait = 0 }: Pick<TaskChange, 'charged' | 'attempt' | 'wait'>,
): Promise<boolean> {
  const { queue, id } = parseRef(ref)
  const from = await runScript(client, 'AGAIN', prefix, queue, id, charged)
  if (from !== 'failed' && from !== 'completed') return false
  if (wait > 0) {
    const now = Date.now()
    return (await runScript(client, 'LATER', prefix, queue, id, from, now + wait, now)) === 1
  }
  const first = attempt === 0
  const job = await handle(queues, ref)
  const retried = job.retry(from, { resetAttemptsMade: first, resetAttemptsStarted: first })
  const done = await unlessChanged(retried)
  // Without this message workers find the job within a second.
  if (done) client.publish(`${prefix}:wake`, queue).catch(() => {})
  return done
}

/** Makes a delayed job due now. False if it is not delayed. */
export async function promoteJob(queues: Queues, ref: string): Promise<boolean> {
  return unlessChanged((await handle(queues, ref)).promote())
}

/** A job without its data, which acts by its id. */
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
