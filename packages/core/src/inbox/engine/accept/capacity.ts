import { WebhookError } from '../../../errors.ts'
import { type MaybePromise, chain } from '../../../basics/maybe.ts'
import type { Consumer, Accepted, TaskDraft } from '../../inbox.ts'
import type { Finder } from '../run/lanes.ts'
import type { Turn } from '../row.ts'
import type { EngineSettings } from '../settings.ts'
import type { Store } from '../store.ts'
import type { EncodedIntake } from './encode.ts'

/** Counts the open tasks of a receiver, so that deliveries above `maxPending` are rejected. */
export interface Capacity {
  /**
   * Reserves room for the tasks of a delivery. Throws or rejects if the inbox is full. Waits for a count by the store
   * only if the number of tasks is near the limit.
   *
   * @param now - a time of `performance.now()`; by default the current one
   */
  reserve(
    intake: Pick<EncodedIntake, 'plain' | 'tasks' | 'items'>,
    now?: number,
  ): MaybePromise<void>
  stored(intake: Pick<EncodedIntake, 'items'>, taken: readonly Accepted[]): void
  /**
   * Releases the room of tasks that have ended. If `tasks` is negative, reserves room for tasks that became open again.
   */
  free(tasks: number): void
  told(turn: Turn): void
  /**
   * Returns the error for a delivery that exceeds `option`. The option's value is `limit`, and the current value is
   * `got`. `expected` is the unit of both numbers.
   */
  full(option: string, limit: number, got: number, expected: string): WebhookError
}

// Maximum age of a count by the store, in milliseconds: FAR while a delivery still fits into `maxPending`, else NEAR.
const NEAR = 250
const FAR = 10_000
// Maximum number of tenants kept in memory. Only tenants with many waiting tasks are kept.
const TENANTS = 10_000

/**
 * Makes a {@link Capacity}. The store counts tasks only now and then. In between, the capacity adds tasks that this
 * process stores, and subtracts tasks that this process settles.
 */
export function createCapacity({
  store,
  settings,
  consumer,
  lanes,
}: {
  readonly store: Pick<Store, 'pending' | 'backlog' | 'rejection'>
  readonly settings: Pick<EngineSettings, 'maxPending' | 'maxPendingShare'>
  readonly consumer: Consumer
  readonly lanes: Finder
}): Capacity {
  const { maxPending, maxPendingShare } = settings
  const { receiver } = consumer
  const share = Math.max(1, Math.floor(maxPending * maxPendingShare))
  const heavy = new Map<string, Turn & { readonly at: number }>()
  const pace = createPace(() => consumer.now())
  // Maximum number of tasks that one event has created for one tenant so far.
  let width = 1
  let known: number | undefined
  let since = 0
  let counted = -Infinity
  let counting: Promise<void> | undefined

  return {
    reserve: (intake, now = performance.now()) =>
      intake.plain
        ? room(intake.tasks, now)
        : chain(shareOf(intake), () => room(intake.tasks, now)),
    stored({ items }, taken) {
      for (let at = 0; at < taken.length; at++)
        if (taken[at] !== 'new') free(items[at]!.drafts.length)
    },
    free,
    told,
    full,
  }

  function free(tasks: number): void {
    since -= tasks
    if (tasks < 0) pace.added(-tasks)
  }

  function room(tasks: number, now: number): MaybePromise<void> {
    const age = now - counted
    if (known !== undefined && known + since + tasks <= maxPending) {
      // If this count fails, the next delivery that does not fit reports the error.
      if (age > FAR) count().catch(() => {})
      return take(tasks)
    }
    if (known !== undefined && age <= NEAR) throw pending()
    return count().then(() => {
      if (known! + since + tasks > maxPending) throw pending()
      take(tasks)
    })
  }

  function take(tasks: number): void {
    since += tasks
    pace.added(tasks)
  }

  function pending(): WebhookError {
    return full('maxPending', maxPending, known! + since, 'tasks')
  }

  function full(option: string, limit: number, got: number, expected: string): WebhookError {
    if (known !== undefined) pace.rejected(known + since)
    const retryAfter = pace.secondsFor(got, limit)
    const problem = 'full'
    return new WebhookError('inbox_full', { problem, option, limit, got, expected }, { retryAfter })
  }

  function told(turn: Turn): void {
    const key = keyOf(turn)
    heavy.delete(key)
    if (turn.tasks <= share / 2 / width) return
    heavy.set(key, { ...turn, at: performance.now() })
    if (heavy.size > TENANTS) heavy.delete(heavy.keys().next().value!)
  }

  /** Rejects a delivery if one of its tenants has filled its share of `maxPending`. Other tenants are not affected. */
  function shareOf({ items }: Pick<EncodedIntake, 'items'>): MaybePromise<void> {
    for (const { drafts } of items)
      if (drafts.length > width) width = Math.max(width, widthOf(drafts))
    if (heavy.size === 0) return
    const keys = items.flatMap(({ drafts }) =>
      drafts.flatMap(({ subscription, fairKey: fair }) => {
        const lane = lanes.find(subscription)
        if (fair === undefined || lane === undefined) return []
        return heavy.has(keyOf({ lane, fair })) ? { lane, fair } : []
      }),
    )
    return keys.length === 0 ? undefined : over(keys)
  }

  async function over(keys: readonly Pick<Turn, 'lane' | 'fair'>[]): Promise<void> {
    const now = performance.now()
    const stale = keys.filter((key) => now - (heavy.get(keyOf(key))?.at ?? now) > NEAR)
    if (stale.length > 0) {
      const turns = await asked(() => store.backlog(stale))
      for (const key of stale) heavy.delete(keyOf(key))
      for (const turn of turns) told(turn)
    }
    const held = new Map<string, number>()
    for (const [name, { fair }] of new Map(keys.map((key) => [keyOf(key), key])))
      held.set(fair, (held.get(fair) ?? 0) + (heavy.get(name)?.tasks ?? 0))
    const most = Math.max(...held.values())
    if (most < share) return
    throw full('maxPendingShare', share, most, 'tasks of one tenant')
  }

  function count(): Promise<void> {
    return (counting ??= look().finally(() => (counting = undefined)))
  }

  async function look(): Promise<void> {
    const before = since
    // A task that is stored during this count may count twice until the next count. So a delivery may be rejected a
    // little too early.
    known = await asked(() => store.pending(receiver, maxPending + 1))
    since -= before
    counted = performance.now()
  }

  async function asked<T>(ask: () => MaybePromise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      throw store.rejection(error)
    }
  }
}

function keyOf({ lane, fair }: Pick<Turn, 'lane' | 'fair'>): string {
  return `${lane} ${fair}`
}

function widthOf(drafts: readonly TaskDraft[]): number {
  const counts = new Map<string, number>()
  for (const { fairKey } of drafts)
    if (fairKey !== undefined) counts.set(fairKey, (counts.get(fairKey) ?? 0) + 1)
  return Math.max(1, ...counts.values())
}

/**
 * Measures how fast tasks end while an inbox is full, to compute `Retry-After`. The rate is computed from the numbers
 * of pending tasks and of stored tasks. So the rate includes tasks that other processes run.
 */
interface Pace {
  /** Adds tasks that this process stored. */
  added(tasks: number): void
  /** Call `rejected` at each rejection, with the number of pending tasks of the receiver. */
  rejected(pending: number): void
  /**
   * Returns the estimated time until a tenth of `room` is free, from 5 to 300 seconds. `held` is how much of `room` is
   * used.
   */
  secondsFor(held: number, room: number): number
}

const LEAST = 5
const MOST = 300
// Share of the room that must be free when the sender delivers again.
const FREE = 0.1
// A measurement takes from SPAN to LONG milliseconds. After a longer time the measured rate may be too low, since the
// inbox may have been idle.
const SPAN = 1000
const LONG = 60_000

/** `now` returns milliseconds since 1970. */
export function createPace(now: () => number): Pace {
  let added = 0
  let before: { readonly pending: number; readonly at: number } | undefined
  let rate: number | undefined

  return {
    added: (tasks) => void (added += tasks),
    rejected(pending) {
      const at = now()
      if (before === undefined) return begin(pending, at)
      const time = at - before.at
      if (time < SPAN) return
      const ended = before.pending + added - pending
      if (ended <= 0) {
        // No task has ended in `time` milliseconds, so the rate is below `1 / time`. The measurement continues.
        rate = Math.min(rate ?? Infinity, 1 / time)
        return
      }
      const measured = ended / time
      rate = time > LONG ? Math.max(rate ?? 0, measured) : measured
      begin(pending, at)
    },
    secondsFor(held, room) {
      if (rate === undefined) return LEAST
      const tasks = Math.max(held - (1 - FREE) * room, FREE * room)
      return Math.min(MOST, Math.max(LEAST, Math.ceil(tasks / rate / 1000)))
    },
  }

  function begin(pending: number, at: number): void {
    before = { pending, at }
    added = 0
  }
}
