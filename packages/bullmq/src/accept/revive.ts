import { DEAD, DONE, READY, revived } from '@postern/core/inbox'
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
    refs.map((ref) => again(context, ref.slice(1), ref.startsWith('f') ? 'dead' : 'pending')),
  )
  return done.includes(true)
}

// How BullMQ calls a settled state.
const SETTLED = { done: 'completed', dead: 'failed' } as const
// Its attempts, turn and interruptions are in the job: the script brings them along.
const ROW = {
  gate: READY,
  cut: 0,
  fair: null,
  line: null,
  attempt: 0,
  took: null,
  error: null,
  due: 0,
} as const

/**
 * Begins a settled job again, or makes one due that waits; at once, or a settled one at a time. False if it is not in that
 * state, or its event was erased.
 */
export async function again(
  { client, prefix, queues }: ReviveContext,
  ref: string,
  state: 'pending' | 'done' | 'dead',
  due = 0,
): Promise<boolean> {
  if (state === 'pending') return promoteJob(queues, ref)
  const now = Date.now()
  const row = { ...ROW, state: state === 'done' ? DONE : DEAD } as const
  const { change } = revived(row, 'settled', Math.max(0, due - now))
  const { queue, id } = parseRef(ref)
  const fresh = await runScript(client, 'posternAgain', prefix, queue, id, change.charged!)
  if (fresh === -1) return false
  const from = SETTLED[state]
  if (change.wait! > 0)
    return (await runScript(client, 'posternLater', prefix, queue, id, from, due, now)) === 1
  const first = change.attempt === 0
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

/** A job to act on by its id alone. */
export async function handle(queues: Queues, ref: string): Promise<Job> {
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
