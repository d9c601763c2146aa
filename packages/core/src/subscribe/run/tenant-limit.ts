import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import type { Claim, Outcome } from '../../inbox/inbox.ts'
import { fairKeyOf, type Subscription, type TenantLimitOptions } from '../subscription.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import { createSpacing } from '../../basics/deadline.ts'

/** Function to call with the current time when the run has ended. */
type KeyRun = (now: number) => void

/** The rate and concurrency limit of one key (tenant). */
interface OneTenantLimit {
  /** Starts a run and returns the function to call at its end. If a limit is reached, returns the time to try again. */
  enter(now: number): KeyRun | number
  readonly isRunning: boolean
  /** True if this object can be removed, since a new object for the same key would make the same decisions. */
  isIdle(now: number): boolean
}

// Inboxes start tasks a little late. A start that is at most this number of milliseconds late does not delay the next
// start.
const LATE = 100
// A task beyond a rate limit gets the next free start time. Beyond `FAR` milliseconds, the task gets a random time
// instead.
const FAR = 600_000
// It is unknown when a run ends, so a task beyond a concurrency limit tries again within `NEAR` milliseconds.
const NEAR = 60_000
// Maximum time between the tries of two tasks that wait for the same concurrency limit, in milliseconds.
const LOOK = 1000

/**
 * Creates the limit of one key. The rate is a virtual schedule (GCRA, ITU-T I.371): each start moves the time of the
 * next start by an interval. Tasks that must wait get the next free times, first come, first served.
 */
export function createTenantLimit({
  rate,
  concurrency = Infinity,
}: TenantLimitOptions): OneTenantLimit {
  const interval = rate === undefined ? 0 : 1000 / rate
  const slack = rate === undefined ? 0 : Math.max(interval / 2, LATE)
  const spacing = createSpacing(rate === undefined ? NEAR : FAR)
  const running = new Set<{ readonly since: number }>()
  let next = 0
  let told = 0

  return {
    enter(now) {
      // Normally, the next start is at most one interval away. If it is further away, the clock was set back.
      if (next > now + interval) next = now
      return running.size < concurrency && now >= next ? start(now) : comeBack(now)
    },
    get isRunning() {
      return running.size > 0
    },
    isIdle: (now) => running.size === 0 && told <= now && next <= now - slack,
  }

  function start(now: number): KeyRun {
    const run = { since: now }
    running.add(run)
    next = Math.max(next, now - slack) + interval
    return (ended) => {
      running.delete(run)
      spacing.learn(Math.max(0, ended - now))
    }
  }

  function comeBack(now: number): number {
    const gap = Math.max(interval, lookGap(now), 1)
    const at = Math.ceil(spacing.turn(next > now ? next - gap : now, gap))
    told = Math.max(told, at)
    return at
  }

  /**
   * Returns the time between two tries, in milliseconds: half the expected time between the ends of two runs. A try
   * that is too early only costs another try, but a try that is too late leaves a place unused.
   */
  function lookGap(now: number): number {
    if (concurrency === Infinity) return 0
    const [oldest] = running
    return Math.min(LOOK, spacing.of(oldest ? now - oldest.since : 0) / concurrency / 2)
  }
}

interface TenantLimits {
  enter(key: string, now: number): KeyRun | number
  /** Returns a warning about an event without a tenant; undefined after the first call. */
  withoutKey(): string | undefined
  readonly size: number
}

/** Maximum number of remembered keys without running tasks. */
export const MAX_KEYS = 10_000

export function createTenantLimits(limits: TenantLimitOptions, name: string): TenantLimits {
  /** The keys are ordered by use: the most recently used keys are last. */
  const keys = new Map<string, OneTenantLimit>()
  let warned = false

  return {
    enter(key, now) {
      const bound = keys.get(key) ?? createTenantLimit(limits)
      keys.delete(key)
      forget(now)
      keys.set(key, bound)
      return bound.enter(now)
    },
    withoutKey() {
      if (warned) return undefined
      warned = true
      return `tenantLimit of ${name}: an event has no tenant, so its tasks run without a limit; give createReceiver a tenantKey, or secrets with a tenant`
    },
    get size() {
      return keys.size
    },
  }

  /** Checks two keys per call and forgets idle keys. So keys are forgotten faster than new keys are added. */
  function forget(now: number): void {
    for (let looks = 0; looks < 2; looks++) {
      const [oldest] = keys
      if (!oldest) return
      const [key, bound] = oldest
      keys.delete(key)
      if (bound.isIdle(now)) continue
      if (keys.size >= MAX_KEYS && !bound.isRunning) continue
      keys.set(key, bound)
    }
  }
}

/** Runs an attempt within its tenant's limits, or postpones it. `failed` makes the outcome if `tenantKey` throws. */
export function boundRun(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  attempt: () => MaybePromise<Outcome>,
  failed: (error: unknown) => Outcome,
): MaybePromise<Outcome> {
  const bounds = boundsOf(subscription)
  let key: string | undefined
  try {
    key = fairKeyOf(context, claim.event, claim.delivery)
  } catch (error) {
    return failed(error)
  }
  if (key === undefined) {
    const warning = bounds.withoutKey()
    if (warning !== undefined) context.observer.warning?.(context.receiver, warning)
    return attempt()
  }
  const entered = bounds.enter(key, context.now())
  if (typeof entered === 'number') {
    context.observer.postponed?.(attemptInfo(context, claim), entered)
    return { kind: 'postpone', at: entered }
  }
  const ended = (outcome: Outcome): Outcome => {
    entered(context.now())
    return outcome
  }
  const outcome = attempt()
  return isPromise(outcome) ? outcome.then(ended) : ended(outcome)
}

// The limits are created at the first run, since a process that only accepts deliveries needs none.
const made = new WeakMap<Subscription, TenantLimits>()

function boundsOf(subscription: Subscription): TenantLimits {
  let bounds = made.get(subscription)
  if (!bounds)
    made.set(
      subscription,
      (bounds = createTenantLimits(subscription.tenantLimit ?? {}, subscription.name)),
    )
  return bounds
}
