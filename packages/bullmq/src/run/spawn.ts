import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, TaskDraft, TaskError } from '@postern/core/inbox'
import { runScript } from '../store/connection.ts'
import type { Owner, SettleContext } from './settle.ts'
import { taskArguments } from '../accept/encode.ts'

const AGAIN = 100

/**
 * Adds child tasks before their parent is done. If the process dies in between, the parent runs again, and adding the
 * same parts again changes nothing. False if the parent's lock was lost.
 */
export async function spawn(
  { client, consumer: { receiver }, prefix, lease, failed, ended }: SettleContext,
  { job, token }: Owner,
  { id, event }: Claim,
  drafts: readonly TaskDraft[],
): Promise<boolean> {
  const name = job.data.e
  const children = taskArguments(receiver, name, drafts)
  for (let told = false; !ended(); told = true) {
    const args = [Date.now(), id, token, lease, name, event.topic, ...children]
    const why = await runScript(client, 'posternSpawn', prefix, ...args).catch(String)
    if (why === '' || why === 0) return why === ''
    // Redis is full, or takes no writes: the lock above is renewed with each try.
    if (!told) failed(new Error(`the children of a task could not be added: ${String(why)}`))
    await sleep(AGAIN)
  }
  return false
}

/** Why children cannot be stored: their data is no JSON value. Undefined if they can. */
export function unstorableReason(drafts: readonly TaskDraft[]): TaskError | undefined {
  try {
    JSON.stringify(drafts)
    return undefined
  } catch {
    // What was thrown may throw again when it is read.
    const message = 'its children cannot be stored: their data must be JSON values'
    return { name: 'UnstorableOutcome', message }
  }
}
