import type { Job } from 'bullmq'
import type { WebhookError } from '@postern/core'
import type { Capacity } from './capacity.ts'
import { runScript, type RedisClient } from '../store/connection.ts'
import type { PreparedItem } from './encode.ts'
import { queueName } from '../store/names.ts'
import type { JobData } from '../store/queues.ts'

/** The store of turns. */
interface TurnContext {
  readonly client: RedisClient
  readonly prefix: string
}

/** Tasks that need turns: their number by queue and key. */
interface WantedTurns {
  readonly queue: string
  readonly key: string
  count: number
}

/** How many tasks of one key may wait, and the refusal of more. */
interface TurnBound {
  readonly share: number
  readonly full: Capacity['full']
}

/** The turns that events need, each queue and key once. */
export function wantedTurns(
  receiver: string,
  items: readonly PreparedItem[],
): readonly WantedTurns[] {
  let wanted: Map<string, WantedTurns> | undefined
  for (const { item } of items)
    for (const { fairKey, subscription } of item.tasks) {
      if (fairKey === undefined) continue
      wanted ??= new Map()
      const queue = queueName(receiver, subscription)
      const one = wanted.get(turnOf(queue, fairKey))
      if (one) one.count++
      else wanted.set(turnOf(queue, fairKey), { queue, key: fairKey, count: 1 })
    }
  return wanted ? [...wanted.values()] : []
}

/** The first turn of each queue and key, or the refusal if a key has no room. */
export async function takeTurns(
  { client, prefix }: TurnContext,
  wanted: readonly WantedTurns[],
  bound?: TurnBound,
): Promise<Map<string, number> | WebhookError> {
  if (wanted.length === 0) return new Map()
  const share = bound?.share ?? Number.MAX_SAFE_INTEGER
  const args = wanted.flatMap(({ queue, key, count }) => [queue, key, count])
  const replies = (await runScript(
    client,
    'posternTurn',
    prefix,
    share,
    ...args,
  )) as readonly number[]
  const [first, waiting] = replies
  if (bound && first! < 0)
    return bound.full('maxPendingShare', share, waiting!, 'tasks of one fairBy key')
  return new Map(wanted.map(({ queue, key }, at) => [turnOf(queue, key), replies[at]!]))
}

/** Name of a queue and key. */
export function turnOf(queue: string, key: string): string {
  return `${queue} ${key}`
}

/** The fields that let a waiting task of a fair key hold no turn: it takes one when it is due, by the script that begins its run. */
export function noTurn({ data }: Job<JobData>): { readonly priority?: 1; readonly tp?: 1 } {
  return data.f === undefined ? {} : { priority: 1, tp: 1 }
}
