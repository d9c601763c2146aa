import { Job } from 'bullmq'
import { parseRef } from './names.ts'
import type { Queues } from './queues.ts'

// https://github.com/taskforcesh/bullmq: codes of errors that mean somebody else changed the job first.
const GONE = -1
const ELSEWHERE = -3

/**
 * Runs again what failed of a known event. Each ref has a letter before it: `f` failed for good, `d` waiting for its
 * next attempt. Each step is one of BullMQ's own scripts, which changes a job only where it still is in that state, so
 * of several redeliveries at once exactly one revives it. True where this one did.
 */
export async function revive(queues: Queues, refs: readonly string[]): Promise<boolean> {
  const done = await Promise.all(
    refs.map((ref) =>
      ref.startsWith('f') ? retry(queues, ref.slice(1), 'failed') : promote(queues, ref.slice(1)),
    ),
  )
  return done.includes(true)
}

/** Makes a settled job pending, from its first attempt. False where it is not in that state. */
export async function retry(
  queues: Queues,
  ref: string,
  state: 'failed' | 'completed',
): Promise<boolean> {
  const job = await handle(queues, ref)
  return unlessChanged(job.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true }))
}

async function promote(queues: Queues, ref: string): Promise<boolean> {
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
