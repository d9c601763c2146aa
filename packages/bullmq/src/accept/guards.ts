import { WebhookError } from '@postern/core'
import { runScript, type RedisClient } from '../store/connection.ts'
import type { PreparedItem } from './encode.ts'

/** The argument of {@link takeGuards}. */
interface GuardContext {
  readonly client: RedisClient
  readonly prefix: string
  /** How long a delivery may wait to be stored, in milliseconds. A guard that is reserved for it is kept for longer. */
  readonly deadline: number
}

const KEPT = 60_000

/**
 * Reserves the guards of a delivery's events until both are stored. Resolves with `refused` if a guard with `refuse`
 * belongs to another event; otherwise with the events that are duplicates by a guard. Throws if another event with the
 * guard is being stored: its outcome is not known yet.
 */
export async function takeGuards(
  { client, prefix, deadline }: GuardContext,
  items: readonly PreparedItem[],
): Promise<ReadonlySet<PreparedItem> | 'refused' | WebhookError> {
  const duplicates = new Set<PreparedItem>()
  if (!items.some(({ guards }) => guards.length > 0)) return duplicates
  const holders = new Map<string, string>()
  const asked: {
    readonly item: PreparedItem
    readonly otherwise: string
    readonly name: string
  }[] = []
  for (const item of items)
    for (const { name, otherwise } of item.guards) {
      const holder = holders.get(name)
      if (holder === undefined) holders.set(name, item.name)
      else if (holder !== item.name) {
        if (otherwise === 'refuse') return 'refused'
        duplicates.add(item)
      }
      asked.push({ item, otherwise, name })
    }
  const wanted = asked.filter(({ item, name }) => holders.get(name) === item.name)
  const args = wanted.flatMap(({ item, name, otherwise }) => [
    name,
    item.name,
    otherwise === 'refuse' ? 1 : 0,
  ])
  const replies = (await runScript(
    client,
    'posternGuard',
    prefix,
    KEPT + 2 * deadline,
    ...args,
  )) as readonly number[]
  for (const [at, reply] of replies.entries()) {
    const { item, otherwise } = wanted[at]!
    if (reply === 1 && otherwise === 'refuse') return 'refused'
    if (reply === 1) duplicates.add(item)
  }
  if (replies.includes(2))
    return new WebhookError(
      'inbox_unavailable',
      'bullmqInbox: another event with the same guard is being stored',
    )
  return duplicates
}
