import { LRUCache } from 'lru-cache'
import type { Delivery } from '../delivery.ts'
import { milliseconds, type Duration } from '../duration.ts'
import { isPromise, type MaybePromise } from '../maybe.ts'
import { bucket } from './lookup/bucket.ts'
import type { ScopedSecret, SecretResolver } from './secrets.ts'

/** The argument of {@link perTenant}. */
export interface PerTenantOptions {
  /** Returns the tenant that the delivery claims to be from: read from path, header or `context`. `undefined` refuses the delivery as `unknown_sender`. */
  readonly tenant: (delivery: Delivery) => string | undefined
  /** Looks the tenant's secrets up. `undefined` means that there is no such tenant. */
  readonly secrets: (tenant: string) => MaybePromise<string | readonly string[] | undefined>
  /** How long an answer is used. A changed secret is not seen for that long. @default '60s' */
  readonly ttl?: Duration
  /** How many tenants are remembered. @default 1000 */
  readonly max?: number
  /** How many look-ups run at the same time; beyond, a delivery is answered 503 and comes again. @default 100 */
  readonly atOnce?: number
  /** How many look-ups are begun in a minute; beyond, likewise. Invented names count too. @default 3000 */
  readonly perMinute?: number
}

/**
 * A {@link SecretResolver} for many tenants on one route, with a bounded cache; look-ups of one tenant that overlap are
 * made once, and failures are not remembered. Events get the tenant as their `scope`.
 *
 * @example
 * stripe({
 *   secret: perTenant({
 *     tenant: (delivery) => new URL(delivery.url).pathname.split('/').at(-1),
 *     secrets: (tenant) => db.secretsOf(tenant),
 *   }),
 * })
 */
export function perTenant(options: PerTenantOptions): SecretResolver {
  const { atOnce = 100, perMinute = 3000 } = options
  const lookups = bucket({ atOnce, perMinute })
  const ttl = milliseconds(options.ttl ?? '60s', 'perTenant.ttl')
  // Reads the clock each time: not every host allows the timer that the cache would use instead.
  const bounds = { max: options.max ?? 1000, ttl, ttlResolution: 0, perf: { now: uptime } }
  const known = new LRUCache<string, ScopedSecret>(bounds)
  // A cache of their own: invented names must not drive the known tenants out.
  const unknown = new LRUCache<string, true>(bounds)
  const pending = new Map<string, Promise<ScopedSecret | undefined>>()
  return (delivery) => {
    const scope = options.tenant(delivery)
    if (scope === undefined || scope.length > MAX_NAME || unknown.has(scope)) return undefined
    const running = known.get(scope) ?? pending.get(scope)
    if (running) return running
    const leave = lookups.enter(uptime())
    let looked: ReturnType<typeof options.secrets>
    try {
      looked = options.secrets(scope)
    } catch (error) {
      leave()
      throw error
    }
    if (!isPromise(looked)) {
      leave()
      return remember(scope, looked)
    }
    const found = looked.then((secret) => remember(scope, secret))
    pending.set(scope, found)
    const done = (): void => {
      pending.delete(scope)
      leave()
    }
    found.then(done, done)
    return found
  }

  function remember(
    scope: string,
    secret: string | readonly string[] | undefined,
  ): ScopedSecret | undefined {
    if (secret === undefined) {
      known.delete(scope)
      unknown.set(scope, true)
      return undefined
    }
    const found = { secret, scope }
    known.set(scope, found)
    return found
  }
}

// How many unknown names are remembered.
const MAX_NAME = 1024

function uptime(): number {
  return performance.now()
}
