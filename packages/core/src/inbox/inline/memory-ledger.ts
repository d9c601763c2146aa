import { LRUCache } from 'lru-cache'
import { milliseconds, type Duration } from '../../duration.ts'
import type { Ledger } from './ledger.ts'

/** Options of {@link memoryLedger}. */
export interface MemoryLedgerOptions {
  /** Events that are remembered. Fewer make the window shorter under load, which observers hear of. @default 100_000 */
  readonly max?: number
  /** For how long an event is remembered after its last change; at least the sender's retry span. @default '4d' */
  readonly window?: Duration
  /** Gives the time in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

interface Entry {
  done: boolean
  token: string | undefined
  until: number
  claims: number
  state: string | undefined
}

/**
 * A ledger in the memory of this process: for one process that stays up, for development and for tests. It forgets when
 * the process ends, and other processes do not see it; `redisLedger` of `@postern/redis` is for those.
 */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  const { max = 100_000, now = Date.now } = options
  const window = milliseconds(options.window ?? '4d', 'memoryLedger: window')
  if (!(Number.isInteger(max) && max >= 1))
    throw new TypeError(
      `memoryLedger: max must be a whole number from 1 and up, got ${String(max)}`,
    )
  // Entries that are held stay out of the cache, so that no flood of others can push a running event out.
  const held = new Map<string, Entry>()
  const settled = new LRUCache<string, Entry>({
    max,
    ttl: window,
    // Asks the clock each time, which costs less than the timer that would spare it.
    ttlResolution: 0,
    perf: { now },
    dispose: (_, key, reason) => reason === 'evict' && evicted(key),
  })
  let warn: ((message: string) => void) | undefined
  let warnAgain = 0

  return {
    name: 'memoryLedger',
    durable: false,
    window,
    claim(key, token, lease) {
      const running = held.get(key)
      if (running && running.until > now()) return { kind: 'busy', left: running.until - now() }
      const known = running ?? settled.get(key)
      if (known?.done) return { kind: 'done' }
      const entry: Entry = {
        done: false,
        token,
        until: now() + lease,
        claims: (known?.claims ?? 0) + 1,
        state: known?.state,
      }
      settled.delete(key)
      held.set(key, entry)
      return { kind: 'claimed', claims: entry.claims, state: entry.state }
    },
    renew(key, token, lease, state) {
      const entry = mine(key, token)
      if (!entry) return false
      entry.until = now() + lease
      if (state !== undefined) entry.state = state
      return true
    },
    commit: (key, token) =>
      settle(key, token, (entry) => {
        entry.done = true
        entry.state = undefined
      }),
    release: (key, token, state) => settle(key, token, (entry) => (entry.state = state)),
    listen(listener) {
      warn = listener
    },
  }

  function mine(key: string, token: string): Entry | undefined {
    const entry = held.get(key)
    return entry?.token === token ? entry : undefined
  }

  function settle(key: string, token: string, change: (entry: Entry) => void): boolean {
    const entry = mine(key, token)
    if (!entry) return false
    change(entry)
    entry.token = undefined
    held.delete(key)
    settled.set(key, entry)
    return true
  }

  function evicted(key: string): void {
    const left = settled.getRemainingTTL(key)
    if (!(left > 0) || now() < warnAgain) return
    warnAgain = now() + 3_600_000
    warn?.(
      `memoryLedger: an event was forgotten ${Math.round(left / 1000)} s before its window of ${window / 1000} s was over, since max is ${max}: raise max, or use redisLedger`,
    )
  }
}
