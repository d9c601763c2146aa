import { LRUCache } from 'lru-cache'

/** Bounds of {@link createForgetful}. */
export interface ForgetfulOptions {
  /** Entries. */
  readonly max: number
  /** Milliseconds for which an entry is known after it was set. */
  readonly window: number
  /** The time in milliseconds. */
  readonly now: () => number
  /** Hears, at most once an hour, how many milliseconds an entry had left that `max` pushed out. */
  readonly shortened?: (left: number) => void
}

/** Values by key for a window, the oldest of them dropped beyond a count. */
export interface Forgetful<Value> {
  /** The value. A redelivery does not make its key recent. */
  peek(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
}

/** Places that the first entry makes: lru-cache makes all places at once, and 100,000 take 4.2 MiB and 10 ms. */
const FIRST = 1000
const HOUR = 3_600_000

/** Makes it. */
export function createForgetful<Value extends object | string>({
  max,
  window,
  now,
  shortened,
}: ForgetfulOptions): Forgetful<Value> {
  let cache: LRUCache<string, Value> | undefined
  let tellAgain = 0

  return {
    peek: (key) => cache?.peek(key),
    set(key, value) {
      cache ??= places(Math.min(max, FIRST))
      if (cache.size === cache.max && cache.max < max) cache = grown(cache)
      cache.set(key, value)
    },
    delete: (key) => void cache?.delete(key),
  }

  function places(count: number): LRUCache<string, Value> {
    return new LRUCache({
      max: count,
      // An integer above 0: lru-cache keeps an entry for ever at 0.
      ttl: Math.max(1, Math.ceil(window)),
      // Reads the clock each time: a timer would cost more.
      ttlResolution: 0,
      // An entry made at time 0 would never end.
      perf: { now: () => now() + 1 },
      dispose: (_, key, reason) => reason === 'evict' && dropped(key),
    })
  }

  function grown(small: LRUCache<string, Value>): LRUCache<string, Value> {
    const large = places(Math.min(max, small.max * 10))
    // From the oldest to the newest, without those whose window is over.
    for (const [key, value] of small.rentries() as Iterable<[string, Value]>)
      large.set(key, value, { ttl: Math.max(1, small.getRemainingTTL(key)) })
    return large
  }

  function dropped(key: string): void {
    const at = now()
    if (at < tellAgain) return
    const left = cache!.getRemainingTTL(key)
    if (!(left > 0)) return
    tellAgain = at + HOUR
    shortened?.(left)
  }
}
