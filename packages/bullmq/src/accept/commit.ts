import type { TaskDraft } from '@postern/core/inbox'
import { unavailable } from '../store/connection.ts'
import { recordArguments, type Prepared, type PreparedItem } from './encode.ts'
import { queueName } from '../store/names.ts'
import type { Queues } from '../store/queues.ts'
import { turnOf } from './turns.ts'

const HIGHEST = 2 ** 21

/** The argument of {@link commit}. */
interface CommitContext {
  readonly queues: Queues
  readonly receiver: string
  readonly prefix: string
}

/** A delivery and its events to store. */
export interface CommitPlan {
  readonly prepared: Prepared
  readonly fresh: readonly PreparedItem[]
  /** First turn of each queue and fair key. */
  readonly turns: Map<string, number>
}

/**
 * Stores deliveries in one transaction. Returns for each the replies of RECORD for its events (1 new, 0 known before), or
 * the error that refused it.
 */
export async function commit(
  { queues, receiver, prefix }: CommitContext,
  plans: readonly CommitPlan[],
): Promise<readonly (readonly number[] | Error)[]> {
  const multi = queues.multi()
  const args: (string | number | Uint8Array)[] = [prefix]
  let commands = 0
  for (const { prepared, fresh, turns } of plans) {
    if (fresh.length === 0) continue
    for (const { item, name } of fresh) {
      for (const task of item.tasks)
        queues.add(multi, receiver, name, item.event, task, nextTurn(turns, receiver, task))
      commands += item.tasks.length
    }
    args.push(...recordArguments(prepared, fresh))
  }
  if (commands === 0) return []
  multi.runCommand('posternRecord', args)
  const results = await multi.exec()
  if (!results) throw unavailable('the transaction was aborted')
  // A transaction cannot load a script Redis has forgotten; over a new connection the client sends it whole.
  if (results.some(([error]) => error?.message.startsWith('NOSCRIPT'))) queues.reconnect()
  const [error, replies] = results[commands] ?? [new Error('the transaction returned no reply')]
  if (error) throw error
  let next = 0
  let job = 0
  return plans.map(({ fresh }) => {
    const its = (replies as number[]).slice(next, (next += fresh.length))
    const jobs = fresh.reduce((sum, { item }) => sum + item.tasks.length, 0)
    const failed = results.slice(job, (job += jobs)).find(([failure]) => failure)?.[0]
    return its.includes(-1) ? notAdded(failed) : its
  })
}

/** Redis said why with the first job it refused, as when it is full or takes no writes. */
function notAdded(cause: Error | null | undefined): Error {
  const message = 'the jobs of an event could not be added'
  return cause ? new Error(`${message}: ${cause.message}`, { cause }) : new Error(message)
}

/** The next turn of a task's key. BullMQ's priorities end at 2^21: beyond, tasks run in their order. */
function nextTurn(
  turns: Map<string, number>,
  receiver: string,
  { subscription, fairKey }: TaskDraft,
): number | undefined {
  if (fairKey === undefined) return undefined
  const name = turnOf(queueName(receiver, subscription), fairKey)
  const turn = turns.get(name)
  if (turn !== undefined) turns.set(name, Math.min(turn + 1, HIGHEST))
  return turn
}
