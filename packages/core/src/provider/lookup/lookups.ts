import { LRUCache } from 'lru-cache'
import type { MaybePromise } from '../../maybe.ts'
import { bucket, type BucketOptions } from './bucket.ts'

/** How {@link lookups} keeps values. */
export interface LookupsOptions extends BucketOptions {
  /** How many values are kept. @default 100 */
  readonly kept?: number
  /** Milliseconds after which a value is asked for again; it stays in force while that fails. @default never */
  readonly maxAge?: number | undefined
  /** Milliseconds for which an unknown or refused key is not asked for again. @default 60_000 */
  readonly negative?: number
  /** Milliseconds for which a failed look-up is not repeated. @default 0, the next delivery asks again */
  readonly failed?: number
}

/** Values that are looked up by a key that anybody can invent. */
export interface Lookups<Value> {
  /** The value of a key; undefined if `ask` says that there is none. `now` is in milliseconds since 1970. */
  find(
    key: string,
    now: number,
    ask: () => Promise<Value | undefined>,
  ): MaybePromise<Value | undefined>
  /** Forgets a value that turned out to be wrong; `error` is thrown for its key for a while. */
  refuse(key: string, now: number, error: unknown): void
}

const STRANGERS = 1000
const MAX_KEY = 1024

/**
 * Look-ups that strangers can cause: few at once, a bounded number in a minute, and each key asked for once. Known,
 * pending and unknown keys are kept apart, so that invented keys drive no real one out. A look-up beyond the bounds
 * is `secret_unavailable` (503), never a refusal.
 *
 * @example
 * const certificates = lookups<X509Certificate>({ kept: 20 })
 * const found = await certificates.find(url, now, () => download(url))
 */
export function lookups<Value extends object>(options: LookupsOptions = {}): Lookups<Value> {
  const { kept = 100, maxAge = Number.POSITIVE_INFINITY, negative = 60_000, failed = 0 } = options
  const known = new LRUCache<string, { readonly at: number; readonly value: Value }>({ max: kept })
  const pending = new Map<string, Promise<Value | undefined>>()
  const unknown = new LRUCache<string, { readonly at: number; readonly error?: unknown }>({
    max: STRANGERS,
  })
  const bounds = bucket(options)

  const ask = (
    key: string,
    now: number,
    look: () => Promise<Value | undefined>,
  ): Promise<Value | undefined> => {
    const running = pending.get(key)
    if (running) return running
    const asked = bounds.run(now, async () => {
      try {
        const value = await look()
        if (value === undefined) unknown.set(key, { at: now })
        else known.set(key, { at: now, value })
        return value
      } catch (error) {
        if (failed > 0) unknown.set(key, { at: now - negative + failed, error })
        throw error
      }
    })
    pending.set(key, asked)
    const done = (): boolean => pending.delete(key)
    asked.then(done, done)
    return asked
  }

  return {
    find(key, now, look) {
      if (key.length > MAX_KEY) return undefined
      const found = known.get(key)
      if (found && now - found.at < maxAge) return found.value
      const past = unknown.get(key)
      if (past && Math.abs(now - past.at) < negative) {
        if (found) return found.value
        if ('error' in past) throw past.error
        return undefined
      }
      const asked = ask(key, now, look)
      return found ? asked.catch(() => found.value) : asked
    },
    refuse(key, now, error) {
      known.delete(key)
      unknown.set(key, { at: now, error })
    },
  }
}
