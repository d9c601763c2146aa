import { DEAD, READY, revived, type TaskChange } from '@postern/core/engine'
import { Job } from 'bullmq'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parseRef, type Queues } from '../store/queues.ts'

// https://github.com/taskforcesh/bullmq: codes of errors after another client has changed the job first.
const GONE = -1
const ELSEWHERE = -3

/** The argument of {@link revive}. */
export interface ReviveContext {
  readonly client: RedisClient
  readonly prefix: string
  readonly queues: Queues
}

/**
 * Runs the failed tasks of a known event again. Each ref has a letter before it: `f` failed for good, `d` waiting for its
 * next attempt. Each step is one of BullMQ's own scripts, which changes a job only if it still is in that state.
 * So of several redeliveries at once exactly one revives it. True if this one did.
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

// Its attempts, turn and interruptions are in the job: the script brings them along.
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

/** Starts a settled job again, as a rule says. False if it is not settled, or its event was erased. */
export async function again(
  { client, prefix, queues }: ReviveContext,
  ref: string,
  { charged = 0, attempt, wait = 0 }: Pick<TaskChange, 'charged' | 'attempt' | 'wait'>,
): Promise<boolean> {
  const { queue, id } = parseRef(ref)
  const from = await runScript(client, 'posternAgain', prefix, queue, id, charged)
  if (from !== 'failed' && from !== 'completed') return false
  if (wait > 0) {
    const now = Date.now()
    return (await runScript(client, 'posternLater', prefix, queue, id, from, now + wait, now)) === 1
  }
  const first = attempt === 0
  const job = await handle(queues, ref)
  const retried = job.retry(from, { resetAttemptsMade: first, resetAttemptsStarted: first })
  const done = await unlessChanged(retried)
  // Workers look by themselves too.
  if (done) client.publish(`${prefix}:wake`, queue).catch(() => {})
  return done
}

/** Makes a job due now that waits for a later time. False if it does not. */
export async function promoteJob(queues: Queues, ref: string): Promise<boolean> {
  return unlessChanged((await handle(queues, ref)).promote())
}

/** A job to act on only by its id. */
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
