import { Job } from 'bullmq'
import { runScript, type RedisClient } from '../store/connection.ts'
import { parseRef } from '../store/names.ts'
import type { Queues } from '../store/queues.ts'

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
        ? retry(context, ref.slice(1), 'failed')
        : promoteJob(context.queues, ref.slice(1)),
    ),
  )
  return done.includes(true)
}

/** Makes a settled job pending, from its first attempt; at once, or at a time. False if it is not in that state, or its event was erased. */
export async function retry(
  { client, prefix, queues }: ReviveContext,
  ref: string,
  state: 'failed' | 'completed',
  due = 0,
): Promise<boolean> {
  const { queue, id } = parseRef(ref)
  if ((await runScript(client, 'posternAgain', prefix, queue, id)) === -1) return false
  if (due > Date.now())
    return (
      (await runScript(client, 'posternLater', prefix, queue, id, state, due, Date.now())) === 1
    )
  const job = await handle(queues, ref)
  return unlessChanged(job.retry(state, { resetAttemptsMade: true, resetAttemptsStarted: true }))
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
