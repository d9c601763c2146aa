import { LRUCache } from 'lru-cache'

/** How much is remembered. */
export interface Memory {
  /** Entries. */
  readonly max: number
  /** Milliseconds for which an entry is known after it was set. */
  readonly window: number
}

/** Values by key for a window, the oldest of them dropped beyond a count. */
export interface Forgetful<Value> {
  /** The value. A look does not make its key recent. */
  peek(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

/**
 * Makes a {@link Forgetful}. `now` gives the time in milliseconds; `shortened` hears, at most once an hour, how many milliseconds an entry had
 * left that `max` pushed out.
 */
export function createForgetful<Value extends object | string>(
  { max, window }: Memory,
  now: () => number,
  shortened: (left: number) => void,
): Forgetful<Value> {
  let tellAgain = 0
  const cache = new LRUCache<string, Value>({
    // With `max`, lru-cache makes all places at once: 100,000 take 4.2 MiB and 10 ms.
    maxSize: max,
    sizeCalculation: () => 1,
    // An integer above 0: lru-cache keeps an entry for ever at 0.
    ttl: Math.max(1, Math.ceil(window)),
    // Reads the clock each time: a timer would cost more.
    ttlResolution: 0,
    // An entry made at time 0 would never end.
    perf: { now: () => now() + 1 },
    dispose(_, key, reason) {
      const left = cache.getRemainingTTL(key)
      if (reason !== 'evict' || !(left > 0) || now() < tellAgain) return
      tellAgain = now() + 3_600_000
      shortened(left)
    },
  })
  return cache
}
