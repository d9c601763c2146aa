import { LRUCache } from 'lru-cache'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { trustedNames, type TrustedNames } from './trusted-names.ts'
import { WebhookError } from '../../errors.ts'

export interface LookupsOptions<Value> extends BucketOptions {
  /**
   * Maximum number of cached values of trusted names, with which a delivery was verified before. The same maximum
   * applies to other names.
   * @default 100
   */
  readonly kept?: number
  /** Milliseconds after which a value is looked up again. @default never */
  readonly maxAge?: number | undefined
  /**
   * Milliseconds after `maxAge` during which an old value is still used while it is looked up again. @default without
   * end
   */
  readonly overdue?: number
  /** Milliseconds for which an unknown or rejected name is not looked up again. @default 60_000 */
  readonly negative?: number
  /** Milliseconds for which a failed look-up is not repeated. @default 0, so the next delivery looks up again */
  readonly failed?: number
  /** Kind of the looked-up names. Trusted names of each kind are stored separately. @default 'keys' */
  readonly kind?: 'keys' | 'tenants'
  /**
   * Returns the owner of a value. If there are too many trusted names, the owner with the most names loses one.
   * @default no owner
   */
  readonly ownerOf?: (value: Value) => string
}

type Found<Value> = MaybePromise<Value | undefined>

/** Looks up values by name. Anybody can cause a look-up, with an invented name. */
export interface Lookups<Value> {
  /** Returns the value of a name; undefined if `ask` returns undefined. `now` is in milliseconds, on any clock. */
  find(name: string, now: number, ask: () => Found<Value>): Found<Value>
  trust(name: string): void
  /** Forgets a wrong value. For the next `negative` milliseconds, `find` throws `error` for this name. */
  reject(name: string, now: number, error: unknown): void
  /** Forgets a value: the next delivery looks it up again. A look-up that is already running is repeated. */
  forget(name: string): void
  readonly trusted: TrustedNames
}

interface Known<Value> {
  readonly at: number
  readonly value: Value
}

interface Flight<Value> {
  forgotten: boolean
  asked: Promise<Value | undefined>
}

const STRANGERS = 1000
const MAX_NAME = 1024

/**
 * Creates look-ups that anybody can cause. The number of look-ups per minute and at the same time is limited, and
 * simultaneous look-ups of one name share one call. Names with which a delivery was verified before have separate
 * limits. So invented names neither delay the look-ups of these names nor replace their values. An old value is used
 * while it is looked up again. A look-up beyond the limits fails with `secret_unavailable` (503), so that the sender
 * retries.
 *
 * @example
 * const certificates = lookups<X509Certificate>({ kept: 20 })
 * const found = await certificates.find(url, now, () => download(url))
 */
export function lookups<Value extends object>(options: LookupsOptions<Value> = {}): Lookups<Value> {
  const { kept = 100, maxAge = Infinity, overdue = Infinity, negative = 60_000 } = options
  const { failed = 0, kind = 'keys', ownerOf } = options
  const trusted = trustedNames(kind, kept)
  const values = {
    trusted: new LRUCache<string, Known<Value>>({ max: kept }),
    others: new LRUCache<string, Known<Value>>({ max: kept }),
  }
  const pending = new Map<string, Flight<Value>>()
  const unknown = new LRUCache<string, { readonly at: number; readonly error?: unknown }>({
    max: STRANGERS,
  })
  const bounds = { trusted: bucket(options), others: bucket(options) }

  return {
    trusted,
    find,
    trust(name) {
      const known = values.trusted.get(name)
      const found = known ?? values.others.get(name)
      if (known && trusted.has(name)) return
      trusted.add(name, found && ownerOf?.(found.value))
      if (!found) return
      values.others.delete(name)
      values.trusted.set(name, found)
    },
    reject(name, now, error) {
      drop(name)
      unknown.set(name, { at: now, error })
    },
    forget(name) {
      drop(name)
      unknown.delete(name)
      const flight = pending.get(name)
      if (flight) flight.forgotten = true
      pending.delete(name)
    },
  }

  function find(name: string, now: number, ask: () => Found<Value>): Found<Value> {
    if (name.length > MAX_NAME) return undefined
    const found = values.trusted.get(name) ?? values.others.get(name)
    const age = found ? now - found.at : Infinity
    if (found && age < maxAge) return found.value
    const serves = found !== undefined && age < maxAge + overdue
    const past = unknown.get(name)
    if (past && Math.abs(now - past.at) < negative) {
      if (serves) return found.value
      if ('error' in past) throw past.error
      return undefined
    }
    try {
      const asked = look(name, now, ask)
      if (!serves || !isPromise(asked)) return asked
      asked.catch(() => undefined)
    } catch (error) {
      if (!serves) throw error
    }
    return found.value
  }

  function look(name: string, now: number, ask: () => Found<Value>): Found<Value> {
    const running = pending.get(name)
    if (running) return running.asked
    const isTrusted = trusted.has(name)
    const restoring = isTrusted ? undefined : trusted.restored()
    if (restoring) return restoring.then(() => find(name, now, ask))
    let leave: () => void
    try {
      leave = (isTrusted ? bounds.trusted : bounds.others).enter(now)
    } catch (error) {
      return Promise.reject(error as Error)
    }
    let asked: Found<Value>
    try {
      asked = ask()
    } catch (error) {
      leave()
      throw fail(name, now, error)
    }
    if (!isPromise(asked)) {
      leave()
      return settle(name, now, asked)
    }
    const flight: Flight<Value> = { forgotten: false, asked }
    flight.asked = asked.finally(leave).then(
      (value) => {
        if (flight.forgotten) return find(name, now, ask)
        pending.delete(name)
        return settle(name, now, value)
      },
      (error: unknown) => {
        if (!flight.forgotten) pending.delete(name)
        throw fail(name, now, error)
      },
    )
    pending.set(name, flight)
    return flight.asked
  }

  function settle(name: string, now: number, value: Value | undefined): Value | undefined {
    if (value === undefined) {
      drop(name)
      trusted.delete(name)
      unknown.set(name, { at: now })
    } else (trusted.has(name) ? values.trusted : values.others).set(name, { at: now, value })
    return value
  }

  function fail(name: string, now: number, error: unknown): unknown {
    if (failed > 0) unknown.set(name, { at: now - negative + failed, error })
    return error
  }

  function drop(name: string): void {
    values.trusted.delete(name)
    values.others.delete(name)
  }
}

export interface BucketOptions {
  /** Maximum number of look-ups per minute. One burst may use the whole number. @default 30 */
  readonly perMinute?: number | undefined
  /** Maximum number of simultaneous look-ups. @default 4 */
  readonly atOnce?: number | undefined
}

export interface LookupBucket {
  /** Runs a look-up if the limits allow it, else rejects with `secret_unavailable` (503), so the sender retries. */
  run<Value>(now: number, ask: () => Promise<Value>): Promise<Value>
  /** Counts a look-up and returns the function that ends it. Throws `secret_unavailable` beyond the limits. */
  enter(now: number): () => void
}

const MINUTE = 60_000

/**
 * Creates a token bucket that limits look-ups: it refills evenly over each minute. `now` is in milliseconds, on any
 * clock.
 */
export function bucket({ perMinute = 30, atOnce = 4 }: BucketOptions = {}): LookupBucket {
  let left = perMinute
  let filled = Number.NEGATIVE_INFINITY
  let running = 0
  return {
    enter,
    async run(now, ask) {
      const leave = enter(now)
      try {
        return await ask()
      } finally {
        leave()
      }
    },
  }

  function enter(now: number): () => void {
    // If the clock was set back, the bucket does not refill now, but refills normally afterwards.
    const passed = Math.max(0, now - filled)
    left = Math.min(perMinute, left + (passed * perMinute) / MINUTE)
    filled = now
    if (left < 1 || running >= atOnce)
      throw new WebhookError(
        'secret_unavailable',
        { problem: 'look_up_bounded' },
        { retryAfter: 5 },
      )
    left--
    running++
    return () => void running--
  }
}
