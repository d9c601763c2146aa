import type { Duration } from '../../basics/deadline.ts'
import type { Guard } from '../../event.ts'
import { createForgetful } from '../forgetful.ts'
import { checks } from '../engine/attach/checks.ts'
import { tenantOf } from './run.ts'
import type { Ledger } from './ledger.ts'

/** Options of {@link memoryLedger}. */
export interface MemoryLedgerOptions {
  /**
   * Maximum number of events that are remembered. If more events arrive, the oldest events of the tenant with the most
   * events are forgotten before `dedupeWindow` ends, and observers get a warning.
   * @default 100_000
   */
  readonly max?: number
  /**
   * How long an event is remembered after its last change. Must be at least the sender's retry span.
   * @default '4d'
   */
  readonly dedupeWindow?: Duration
  /** Returns milliseconds of a monotonic clock. @default () => performance.now() */
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
 * Creates a ledger in the memory of this process: for a single process that stays up, for development and for tests.
 * The ledger is lost with the process, and other processes cannot use it. If the ledger must survive a restart, or if
 * there are several processes, use `redisLedger` of `@postern/redis`.
 * @throws {TypeError} for a wrong option, by name.
 *
 * @example
 * const inbox = inlineInbox({ ledger: memoryLedger({ dedupeWindow: '7d' }) })
 */
export function memoryLedger(options: MemoryLedgerOptions = {}): Ledger {
  const check = checks<MemoryLedgerOptions>('memoryLedger', options)
  const max = check.whole('max', 100_000)
  const window = check.span('dedupeWindow', '4d')
  const now = check.value('now') ?? (() => performance.now())
  check.end()
  // Running events are not in `settled`, so that a flood of other events cannot push them out.
  const held = new Map<string, Entry>()
  const settled = createForgetful<Entry>({ max, dedupeWindow: window }, now, (left, tenants) =>
    warn?.(
      `memoryLedger: an event was forgotten ${Math.round(left / 1000)} s before its dedupeWindow of ${window / 1000} s was over, since max is ${max}${tenants > 1 ? `, shared by ${tenants} tenants` : ''}: raise max, or use redisLedger`,
    ),
  )
  // The key of the event that holds each guard (a key that only one event may hold). While the event runs, its guards
  // are in `guarding`, so that they cannot be pushed out of `guarded`.
  const guarding = new Map<string, string>()
  const guarded = createForgetful<string>({ max, dedupeWindow: window }, now, () => {})
  let warn: ((message: string) => void) | undefined

  return {
    name: 'memoryLedger',
    durable: false,
    dedupeWindow: window,
    claim(key, token, lease, guards = []) {
      const others = guards.filter((guard) => (holderOf(guard) ?? key) !== key)
      if (others.length > 0) {
        const rejects = others.some(({ otherwise }) => otherwise === 'reject')
        return { kind: 'guarded', otherwise: rejects ? 'reject' : 'duplicate' }
      }
      const running = held.get(key)
      if (running && running.until > now()) return { kind: 'busy', left: running.until - now() }
      const known = running ?? settled.peek(key)
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
      for (const guard of guards) guarding.set(guard.key, key)
      return { kind: 'claimed', claims: entry.claims, state: entry.state }
    },
    renew(key, token, lease, state) {
      const entry = mine(key, token)
      if (!entry) return false
      entry.until = now() + lease
      if (state !== undefined) entry.state = state
      return true
    },
    commit: (key, token, guards) =>
      settle(key, token, guards, (entry) => {
        entry.done = true
        entry.state = undefined
      }),
    release: (key, token, state, guards) =>
      settle(key, token, guards, (entry) => (entry.state = state)),
    undo(key, token, guards = []) {
      const first = mine(key, token)?.claims === 1
      const undone = settle(key, token, guards, (entry) => entry.claims--)
      if (undone && first) {
        settled.delete(key)
        for (const guard of guards) guarded.delete(guard.key)
      }
      return undone
    },
    listen(listener) {
      warn = listener
    },
  }

  function holderOf({ key }: Guard): string | undefined {
    return guarding.get(key) ?? guarded.peek(key)
  }

  function mine(key: string, token: string): Entry | undefined {
    const entry = held.get(key)
    return entry?.token === token ? entry : undefined
  }

  function settle(
    key: string,
    token: string,
    guards: readonly Guard[] = [],
    change: (entry: Entry) => void,
  ): boolean {
    const entry = mine(key, token)
    if (!entry) return false
    change(entry)
    entry.token = undefined
    held.delete(key)
    settled.set(key, entry, tenantOf(key))
    for (const guard of guards) {
      guarding.delete(guard.key)
      guarded.set(guard.key, key, tenantOf(key))
    }
    return true
  }
}
