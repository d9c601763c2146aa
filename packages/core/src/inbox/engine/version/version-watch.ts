import { WebhookError } from '../../../errors.ts'
import { type MaybePromise, chain } from '../../../basics/maybe.ts'
import { unref } from '../../../basics/deadline.ts'

/** Whether this process may still work on its store: a newer version can shut it out while it runs. */
export interface VersionWatch {
  /** Why it must not; undefined if it may. */
  readonly rejected: () => string | undefined
  /** False if it must not, or has not asked for a while. */
  readonly sure: () => boolean
  /** Asks, and gives a sign of life; once it has started. */
  look(): MaybePromise<void>
  /** Throws if it must not. Asks first if it is not sure. */
  check(): MaybePromise<void>
  /** The store is there. */
  start(): void
  stop(): void
}

// How often a process asks that does not work, and how long an answer counts: a process can be paused, in milliseconds.
const LOOK = 5000
const VALID = 15_000
const AGAIN = 1000

/**
 * Makes it. `alive` asks the store why this process must not work on it; absent if nothing can shut it out. `changed` hears
 * when it is shut out, and when that is over. Without `often` it asks before deliveries and while tasks run, by no timer.
 *
 * @example
 * const versionWatch = createVersionWatch(() => shutOut(layout, versions()), (rejected) => warn(rejected))
 */
export function createVersionWatch(
  alive: (() => MaybePromise<string | undefined>) | undefined,
  changed: (rejected: string | undefined) => void,
  often = true,
): VersionWatch {
  let rejected: string | undefined
  let asked = alive ? -Infinity : Infinity
  let asking: Promise<void> | undefined
  let started = false
  let timer: ReturnType<typeof setInterval> | undefined

  return {
    rejected: () => rejected,
    sure: isSure,
    look,
    check() {
      if (isSure()) return
      if (performance.now() - asked < AGAIN) return rejectIfShut(rejected)
      return chain(look(), () => rejectIfShut(rejected))
    },
    start() {
      if (!alive) return
      started = true
      if (!often) return
      // What it cannot ask now it asks before the next delivery.
      timer ??= unref(setInterval(() => void (async () => look())().catch(() => {}), LOOK))
    },
    stop() {
      started = false
      clearInterval(timer)
      timer = undefined
    },
  }

  function isSure(): boolean {
    return rejected === undefined && performance.now() - asked < VALID
  }

  function look(): MaybePromise<void> {
    if (asking || !started) return asking
    const sent = performance.now()
    const told = chain(alive?.(), (found) => {
      if (alive) asked = sent
      const before = rejected
      rejected = found
      if (found !== before) changed(found)
    })
    if (!(told instanceof Promise)) return told
    asking = told.finally(() => (asking = undefined))
    return asking
  }
}

/** Throws if this process was told that it must not work on the store. It asks nobody. */
export function rejectIfShut(rejected: string | undefined): void {
  if (rejected !== undefined) throw new WebhookError('inbox_unavailable', rejected)
}
