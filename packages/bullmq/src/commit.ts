import { unavailable, type Client } from './client.ts'
import { recordArguments, type Prepared, type PreparedItem } from './intake.ts'
import type { Queues } from './queues.ts'

/** What {@link commit} needs. */
export interface CommitContext {
  readonly client: Client
  readonly queues: Queues
  readonly receiver: string
  readonly prefix: string
  readonly keepDone: number
}

/** A delivery and those of its events that are to be stored. */
export interface CommitPlan {
  readonly prepared: Prepared
  readonly fresh: readonly PreparedItem[]
}

/**
 * Stores deliveries in one transaction. Gives, for each, what RECORD said of its events (1 new, 0 known before), why it
 * was not stored, or undefined where there was nothing to store.
 */
export async function commit(
  { client, queues, receiver, prefix, keepDone }: CommitContext,
  plans: readonly CommitPlan[],
): Promise<readonly (readonly number[] | Error | undefined)[]> {
  const multi = queues.multi()
  let commands = 0
  const places = plans.map(({ prepared, fresh }) => {
    if (fresh.length === 0) return undefined
    for (const { item, name } of fresh) {
      for (const task of item.tasks) queues.add(multi, receiver, name, item.event, task)
      commands += item.tasks.length
    }
    multi.runCommand('posternRecord', [prefix, ...recordArguments(prepared, fresh, keepDone)])
    return commands++
  })
  if (commands === 0) return []
  const results = await multi.exec()
  if (!results) throw unavailable('the transaction was aborted')
  // A transaction cannot load a script Redis has forgotten; over a new connection the client sends it whole.
  if (results.some(([error]) => error?.message.startsWith('NOSCRIPT'))) client.disconnect(true)
  return places.map((place) => {
    if (place === undefined) return undefined
    const [error, replies] = results[place] ?? [new Error('the transaction gave no reply')]
    if (error) return error
    return (replies as number[]).includes(-1)
      ? new Error('the jobs of an event could not be added')
      : (replies as number[])
  })
}
