import { createKeyBound, type KeyBound, type KeyRun } from './key-bound.ts'
import type { TenantLimitOptions } from '../tenant-limit.ts'

/** The bounds of a subscription, for all its keys. */
export interface KeyBounds {
  /** What is to be called when the run ended, or when the task is to come back: milliseconds since 1970. */
  enter(key: string, now: number): KeyRun | number
  /** The first time only, the warning about an event without a tenant. */
  withoutKey(): string | undefined
  /** Keys that are remembered. */
  readonly size: number
}

/** Keys that are remembered beside those that run. */
export const MAX_KEYS = 10_000

/** Makes the bounds of a subscription. */
export function createKeyBounds(
  { rate, concurrency }: TenantLimitOptions,
  name: string,
): KeyBounds {
  /** The keys that were used last stand last. */
  const keys = new Map<string, KeyBound>()
  let warned = false

  return {
    enter(key, now) {
      const bound = keys.get(key) ?? createKeyBound({ rate, concurrency })
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

  /** Two looks for each key that comes: more keys are forgotten than made, as soon as they are idle. */
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
