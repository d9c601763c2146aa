import { WebhookError } from '../../../errors.ts'
import { type MaybePromise, chain } from '../../../basics/maybe.ts'
import type { Consumer, Accepted, TaskDraft } from '../../inbox.ts'
import type { Finder } from '../run/lanes.ts'
import type { Turn } from '../row.ts'
import type { EngineSettings } from '../settings.ts'
import type { Store } from '../store.ts'
import type { EncodedIntake } from './encode.ts'

/** Counts the open tasks of a receiver, so that an inbox without workers does not grow without bound. */
export interface Capacity {
  /** Takes room for the tasks of a delivery, or rejects it. It asks the store only if that may matter. */
  reserve(intake: EncodedIntake): MaybePromise<void>
  /** What was not stored takes no room. */
  stored(intake: EncodedIntake, taken: readonly Accepted[]): void
  /** Tasks that were settled or not stored; a negative number of tasks is open again. */
  free(tasks: number): void
  /** Called with how much a tenant has waiting. */
  told(turn: Turn): void
}

// How old a count may be, in milliseconds: near the bound, and far from it.
const NEAR = 250
const FAR = 10_000
// Tenants in memory: only those with much waiting are kept.
const TENANTS = 10_000

/** Makes the count. Between two looks it adds and subtracts what this process stores and settles. */
export function createCapacity({
  store,
  settings,
  consumer,
  lanes,
}: {
  readonly store: Store
  readonly settings: Pick<EngineSettings, 'maxPending' | 'maxPendingShare'>
  readonly consumer: Consumer
  readonly lanes: Finder
}): Capacity {
  const { maxPending, maxPendingShare } = settings
  const { receiver } = consumer
  const share = Math.max(1, Math.floor(maxPending * maxPendingShare))
  const heavy = new Map<string, Turn & { readonly at: number }>()
  const pace = createPace(() => consumer.now())
  // The most lanes in which one tenant has tasks of one event.
  let width = 1
  let known: number | undefined
  let since = 0
  let counted = -Infinity
  let counting: Promise<void> | undefined

  return {
    reserve: (intake) =>
      chain(intake.plain ? undefined : shareOf(intake), () => room(intake.tasks)),
    stored({ items }, taken) {
      for (let at = 0; at < taken.length; at++)
        if (taken[at] !== 'new') free(items[at]!.drafts.length)
    },
    free,
    told,
  }

  function free(tasks: number): void {
    since -= tasks
    if (tasks < 0) pace.added(-tasks)
  }

  function room(tasks: number): MaybePromise<void> {
    const age = performance.now() - counted
    if (known !== undefined && known + since + tasks <= maxPending) {
      // If it fails the next one near the bound reports it.
      if (age > FAR) count().catch(() => {})
      return take(tasks)
    }
    if (known !== undefined && age <= NEAR) throw full()
    return count().then(() => {
      if (known! + since + tasks > maxPending) throw full()
      take(tasks)
    })
  }

  function take(tasks: number): void {
    since += tasks
    pace.added(tasks)
  }

  function full(): WebhookError {
    return rejection('maxPending', maxPending, known! + since, 'tasks')
  }

  function rejection(option: string, limit: number, got: number, expected: string): WebhookError {
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

  /** A tenant that has its share waiting is rejected alone. */
  function shareOf({ items }: EncodedIntake): MaybePromise<void> {
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
      // Who is not among them has nothing waiting: the store has forgotten their turn.
      for (const key of stale) heavy.delete(keyOf(key))
      for (const turn of turns) told(turn)
    }
    const held = new Map<string, number>()
    for (const [name, { fair }] of new Map(keys.map((key) => [keyOf(key), key])))
      held.set(fair, (held.get(fair) ?? 0) + (heavy.get(name)?.tasks ?? 0))
    const most = Math.max(...held.values())
    if (most < share) return
    throw rejection('maxPendingShare', share, most, 'tasks of one tenant')
  }

  function count(): Promise<void> {
    return (counting ??= look().finally(() => (counting = undefined)))
  }

  async function look(): Promise<void> {
    const before = since
    // Tasks stored during the look may count twice until the next one: that is on the safe side.
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
 * How fast tasks end while an inbox is full, for its `Retry-After`. It is measured by what this process stored and by
 * how many tasks are pending at its rejections, so that it holds too if other processes run the tasks.
 */
interface Pace {
  /** Tasks that this process stored; negative if some were not stored after all. */
  added(tasks: number): void
  /** To be told at each rejection how many tasks of the receiver are pending. */
  rejected(pending: number): void
  /** Seconds until a tenth of the room is free if `held` tasks fill it, between 5 and 300; 5 before any pace is known. */
  secondsFor(held: number, room: number): number
}

const LEAST = 5
const MOST = 300
// A share of the room that is to be free before a sender comes again.
const FREE = 0.1
// Milliseconds over which a pace is measured: at least, and at most. In a longer time the inbox may have been idle.
const SPAN = 1000
const LONG = 60_000

/**
 * Makes a {@link Pace}. `now` gives milliseconds since 1970.
 *
 * @example
 * const pace = createPace(() => consumer.now())
 * pace.rejected(pending)
 * const facts = { problem: 'full', option: 'maxPending', limit: maxPending, got: pending, expected: 'tasks' } as const
 * throw new WebhookError('inbox_full', facts, { retryAfter: pace.secondsFor(pending, maxPending) })
 */
export function createPace(now: () => number): Pace {
  let added = 0
  let before: { readonly pending: number; readonly at: number } | undefined
  // Tasks a millisecond.
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
        // Slower than one task in this time. The measurement continues, since tasks may take longer.
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
