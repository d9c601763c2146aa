import { WebhookError } from '@postern/core'
import { createPace } from '@postern/core/inbox'
import { runScript, type RedisClient } from '../store/connection.ts'
import type { PreparedItem } from './encode.ts'
import { parseRef, queueName } from '../store/names.ts'

/** Knows whether there is room for the tasks of a receiver. */
export interface Capacity {
  /** Resolves once the tasks of all queues are known well enough; undefined if they are. */
  known(): Promise<void> | undefined
  /** Takes notice of the numbers of pending tasks in queues. */
  seen(queues: readonly string[], counts: readonly number[]): void
  /** Adds the tasks of events; or adds none and returns the refusal if they are too many. */
  reserve(items: readonly PreparedItem[]): WebhookError | undefined
  /** The refusal where the option allows `limit` tasks and `got` are there. */
  readonly full: (option: string, limit: number, got: number, expected: string) => WebhookError
}

// Milliseconds after which queues that no delivery of this process touched are counted again.
const FRESH = 1000

/**
 * Makes a {@link Capacity}. Queues that deliveries touch are counted with each of them; the others of the receiver once a second, so
 * that 500 subscriptions do not cost 500 counts for each delivery.
 */
export function createCapacity(
  client: RedisClient,
  prefix: string,
  receiver: string,
  maxPending: number,
  now: () => number,
): Capacity {
  const pace = createPace(now)
  let pending = new Map<string, number>()
  let total = 0
  let countedAt = -Infinity
  let counting: Promise<void> | undefined

  return {
    known() {
      if (performance.now() - countedAt < FRESH) return undefined
      const first = countedAt === -Infinity
      counting ??= count().finally(() => (counting = undefined))
      if (first) return counting
      // The counts of a second ago are good enough; if Redis fails, deliveries hear of it themselves.
      counting.catch(() => {})
      return undefined
    },
    seen(queues, counts) {
      queues.forEach((queue, at) => set(queue, counts[at]!))
    },
    reserve(items) {
      const wanted = items.reduce((sum, { refs }) => sum + refs.length, 0)
      if (total + wanted > maxPending) return full('maxPending', maxPending, total, 'tasks')
      pace.added(wanted)
      for (const { refs } of items)
        for (const ref of refs) {
          const { queue } = parseRef(ref)
          set(queue, (pending.get(queue) ?? 0) + 1)
        }
      return undefined
    },
    full,
  }

  function full(option: string, limit: number, got: number, expected: string): WebhookError {
    pace.refused(total)
    const retryAfter = pace.secondsFor(got, limit)
    const problem = 'full'
    return new WebhookError('inbox_full', { problem, option, limit, got, expected }, { retryAfter })
  }

  async function count(): Promise<void> {
    const rows = (await runScript(
      client,
      'posternCounts',
      prefix,
      Date.now(),
      queueName(receiver, ''),
      1,
    )) as readonly (readonly [name: string, waiting: number, delayed: number, active: number])[]
    pending = new Map(
      rows.map(([name, waiting, delayed, active]) => [name, waiting + delayed + active]),
    )
    total = [...pending.values()].reduce((sum, each) => sum + each, 0)
    countedAt = performance.now()
  }

  function set(queue: string, count: number): void {
    total += count - (pending.get(queue) ?? 0)
    pending.set(queue, count)
  }
}
