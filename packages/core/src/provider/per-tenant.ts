import { LRUCache } from 'lru-cache'
import type { Delivery } from '../delivery.ts'
import { milliseconds, type Duration } from '../duration.ts'
import { WebhookError } from '../errors.ts'
import { isPromise, type MaybePromise } from '../maybe.ts'
import type { ScopedSecret, SecretResolver } from './secrets.ts'

/** What {@link perTenant} needs. */
export interface PerTenantOptions {
  /** Who claims to send: read from path, header or `context`. `undefined` refuses the delivery as `unknown_sender`. */
  readonly tenant: (delivery: Delivery) => string | undefined
  /** Looks the tenant's secrets up. `undefined` means that there is no such tenant. */
  readonly secrets: (tenant: string) => MaybePromise<string | readonly string[] | undefined>
  /** How long an answer is used. A changed secret is not seen for that long. @default '60s' */
  readonly ttl?: Duration
  /** How many tenants are remembered. @default 1000 */
  readonly max?: number
  /** How many look-ups run at the same time; beyond, a delivery is answered 503 and comes again. @default 100 */
  readonly atOnce?: number
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
  const { atOnce = 100 } = options
  const ttl = milliseconds(options.ttl ?? '60s', 'perTenant.ttl')
  // The clock is asked each time: the cache would keep its answer by a timer, which not every host allows.
  const bounds = { max: options.max ?? 1000, ttl, ttlResolution: 0, perf: { now: uptime } }
  const known = new LRUCache<string, ScopedSecret>(bounds)
  // Apart, since who is not known could be anybody: made-up names must not drive the known ones out.
  const unknown = new LRUCache<string, true>(bounds)
  const pending = new Map<string, Promise<ScopedSecret | undefined>>()
  return (delivery) => {
    const scope = options.tenant(delivery)
    if (scope === undefined || unknown.has(scope)) return undefined
    const running = known.get(scope) ?? pending.get(scope)
    if (running) return running
    if (pending.size >= atOnce)
      throw new WebhookError('secret_unavailable', 'too many look-ups of tenants at once', {
        retryAfter: 5,
      })
    const looked = options.secrets(scope)
    if (!isPromise(looked)) return remember(scope, looked)
    const found = looked.then((secret) => remember(scope, secret))
    pending.set(scope, found)
    const done = (): boolean => pending.delete(scope)
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

function uptime(): number {
  return performance.now()
}
