import { unknownOptions } from '../unknown-options.ts'
import { createKeyBound, type KeyBound, type KeyRun } from './key-bound.ts'

/**
 * Bounds of the runs of one fair key in one subscription and process. A task over them goes back to the inbox without
 * using an attempt and comes back at the pace of its key; it holds no place of the subscription meanwhile.
 *
 * @example
 * receiver.on('orders/*', { perKey: { rate: 5, concurrency: 2 } }, callShopApi)
 */
export interface PerKeyOptions {
  /**
   * Runs of one key that may start a second; 0.2 is one in five seconds. After late starts at most a tenth of a second's
   * runs, and one more, come on top. @default no bound
   */
  readonly rate?: number
  /** Runs of one key at once. @default no bound but the subscription's */
  readonly concurrency?: number
}

/** The bounds of a subscription, for all its keys. */
export interface KeyBounds {
  /** What is to be called when the run ended, or when the task is to come back: milliseconds since 1970. */
  enter(key: string, now: number): KeyRun | number
  /** The first time only, what an operator should hear of an event without a key. */
  withoutKey(): string | undefined
  /** Keys that are remembered. */
  readonly size: number
}

/** Keys that are remembered beside those that run. */
export const MAX_KEYS = 10_000

/** Makes the bounds of a subscription, if `perKey` asks for any. Throws a `TypeError` if it is wrong. */
export function keyBounds(option: PerKeyOptions | undefined, name: string): KeyBounds | undefined {
  if (option === undefined) return undefined
  unknownOptions(`perKey of ${name}`, option, ['rate', 'concurrency'])
  const { rate, concurrency } = option
  if (rate === undefined && concurrency === undefined)
    throw new TypeError(`perKey of ${name} must have a rate or a concurrency, such as { rate: 5 }`)
  if (rate !== undefined && !(typeof rate === 'number' && rate > 0 && rate < Infinity))
    throw new TypeError(
      `perKey of ${name}: rate must be a number of runs a second above 0, got ${String(rate)}`,
    )
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency >= 1))
    throw new TypeError(
      `perKey of ${name}: concurrency must be a whole number from 1 and up, got ${String(concurrency)}`,
    )
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
      return `perKey of ${name}: an event has no key, so its tasks run without these bounds; give createReceiver a fairBy, or secrets with a scope`
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
