import { setTimeout as sleep } from 'node:timers/promises'
import type { Claim, TaskDraft, TaskError } from '@postern/core/inbox'
import { runScript } from '../store/connection.ts'
import { jobRef, parseRef, queueName } from '../store/names.ts'
import type { Owner, SettleContext } from './settle.ts'
import { takeTurns, turnOf } from '../accept/turns.ts'

/**
 * Adds child tasks before their parent is done. If the process dies in between, the parent runs again, and adding the
 * same parts again changes nothing. False if the parent's lock was lost.
 */
export async function spawn(
  { client, queues, consumer, prefix, lease }: SettleContext,
  { job, token }: Owner,
  claim: Claim,
  drafts: readonly TaskDraft[],
): Promise<boolean> {
  const { receiver } = consumer
  const event = job.data.e
  const refs = drafts.map((draft) => jobRef(receiver, event, draft))
  const names = new Set(refs.map((ref) => parseRef(ref).queue))
  for (;;) {
    // Renewed first, so that no other attempt begins while the children are added.
    if ((await job.extendLock(token, lease)) !== 1) return false
    try {
      await queues.ready(names)
      const multi = queues.multi()
      for (const draft of drafts)
        queues.add(multi, receiver, event, claim.event, draft, await turn(draft))
      const results = await multi.exec()
      const failed = results?.find(([error]) => error)?.[0]
      if (failed) throw failed
      await runScript(client, 'posternAppend', prefix, event, ...refs)
      return true
    } catch {
      // The queues of deliveries fail at once while Redis is unreachable; the lock above waits for Redis.
      await sleep(100)
    }
  }

  async function turn({ fairKey, subscription }: TaskDraft): Promise<number | undefined> {
    if (fairKey === undefined) return undefined
    const queue = queueName(receiver, subscription)
    const wanted = [{ queue, key: fairKey, count: 1 }]
    const turns = await takeTurns({ client, prefix }, wanted)
    return turns instanceof Error ? undefined : turns.get(turnOf(queue, fairKey))
  }
}

/** Why children cannot be stored: their data is no JSON value. Undefined if they can. */
export function unstorableReason(drafts: readonly TaskDraft[]): TaskError | undefined {
  try {
    JSON.stringify(drafts)
    return undefined
  } catch (error) {
    const message = `its children cannot be stored: ${(error as Error).message}`
    return { name: 'UnstorableOutcome', message }
  }
}
