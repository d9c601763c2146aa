import type { Delivery } from '../delivery.ts'
import { milliseconds, type Duration } from '../basics/deadline.ts'
import {
  checkFunction,
  checkObject,
  kindOf,
  rejectNull,
  unknownOptions,
} from '../basics/unknown-options.ts'
import { isPromise, type MaybePromise } from '../basics/maybe.ts'
import { lookups } from './lookup/lookups.ts'
import type { ScopedSecret, SecretResolver } from './secrets.ts'

/** Result of the option `secrets` of {@link perTenant}. */
export interface TenantSecrets {
  /**
   * The tenant's id in your database. Events get this id as their `tenant`. The id must stay the same when secrets
   * change. All spellings of a name must lead to the same id.
   */
  readonly tenant: string
  /** One secret, or all secrets that are currently valid. */
  readonly secrets: string | readonly string[]
}

export interface PerTenantOptions {
  /**
   * Returns the name of the tenant that the delivery claims to be from, read from its path, a header or `context`. If
   * the result is `undefined`, the delivery is rejected with `unknown_sender`.
   */
  readonly claimedTenant: (delivery: Delivery) => string | undefined
  /** Looks up a tenant by the name from `claimedTenant`. `undefined` means that no such tenant exists. */
  readonly secrets: (tenant: string) => MaybePromise<TenantSecrets | undefined>
  /**
   * How long a result of `secrets` is cached. A result that expires is used for up to 60 s more, until it is renewed.
   * So a changed secret can go unnoticed for `ttl` plus 60 s, unless you call `forget`. @default '60s'
   */
  readonly ttl?: Duration
  /** Maximum number of cached tenants. @default 1000 */
  readonly max?: number
  /**
   * Maximum number of simultaneous look-ups. A delivery that needs a further look-up is rejected with 503, so that the
   * sender retries it.
   * @default 100
   */
  readonly atOnce?: number
  /**
   * Maximum number of look-ups per minute. A delivery that needs a further look-up is rejected with 503. Tenants from
   * which a delivery was verified before have a separate limit of the same size.
   * @default 3000
   */
  readonly perMinute?: number
}

export interface TenantResolver extends SecretResolver {
  /** Removes a name's result from the cache of this process: the next delivery looks the name up again. */
  forget(tenant: string): void
}

const OVERDUE = 60_000

/**
 * Creates a {@link SecretResolver} for many tenants on one route, with a bounded cache. Simultaneous look-ups of one
 * tenant share one call, and failures are not cached. Events get the `tenant` that the look-up returned. Tenants from
 * which a delivery was verified before have separate limits, so that requests with invented names cannot delay
 * deliveries of these tenants.
 *
 * @throws TypeError if an option is wrong.
 *
 * @example
 * const secret = perTenant({
 *   claimedTenant: (delivery) => new URL(delivery.url).pathname.split('/').at(-1),
 *   secrets: async (name) => {
 *     const tenant = await db.tenantByName(name)
 *     return tenant && { tenant: tenant.id, secrets: tenant.secrets }
 *   },
 * })
 * stripe({ secret })
 * secret.forget('acme') // its secret was revoked
 */
export function perTenant(options: PerTenantOptions): TenantResolver {
  checkObject('perTenant: options', options)
  unknownOptions('perTenant', options, [
    'claimedTenant',
    'secrets',
    'ttl',
    'max',
    'atOnce',
    'perMinute',
  ])
  rejectNull('perTenant', options)
  checkFunction('perTenant: claimedTenant', options.claimedTenant)
  checkFunction('perTenant: secrets', options.secrets)
  const { atOnce = 100, perMinute = 3000, max = 1000 } = options
  for (const [name, value] of Object.entries({ atOnce, perMinute, max }))
    if (!(typeof value === 'number' && value >= 1))
      throw new TypeError(`perTenant: ${name} must be a number from 1 and up, got ${kindOf(value)}`)
  const ttl = milliseconds(options.ttl ?? '60s', 'perTenant.ttl')
  const line = lineOf(new Error('perTenant'))
  const known = lookups<ScopedSecret>({
    kind: 'tenants',
    ownerOf: ({ tenant }) => tenant,
    kept: max,
    maxAge: ttl,
    negative: ttl,
    overdue: OVERDUE,
    atOnce,
    perMinute,
  })
  const resolve = (delivery: Delivery): MaybePromise<ScopedSecret | undefined> => {
    const name = options.claimedTenant(delivery)
    if (name === undefined) return undefined
    // Uses the monotonic clock: a jump of the wall clock must not end or prolong a cached result.
    return known.find(name, performance.now(), () => {
      const found: MaybePromise<unknown> = options.secrets(name)
      return isPromise(found) ? found.then(scoped) : scoped(found)
    })
  }
  return Object.assign(resolve, {
    verified(delivery: Delivery): void {
      const name = options.claimedTenant(delivery)
      if (name !== undefined) known.trust(name)
    },
    trusted: known.trusted,
    forget: (tenant: string): void => known.forget(tenant),
  })

  function scoped(found: unknown): ScopedSecret | undefined {
    if (found === undefined) return undefined
    const { tenant, secrets } = Object(found) as Partial<TenantSecrets>
    if (typeof tenant === 'string' && tenant !== '' && secrets !== undefined)
      return { secret: secrets, tenant }
    // The name that the delivery claims must not replace a missing tenant. If look-ups ignore case, each spelling of
    // the name would be another tenant, and one delivery would be accepted once per spelling.
    throw new TypeError(
      `perTenant.secrets: must return { tenant, secrets } or undefined, got ${foundKind(found)}${line}; return { tenant: tenant.id, secrets: tenant.secrets }, with the tenant's own id as tenant`,
    )
  }
}

function foundKind(found: unknown): string {
  if (found === null) return 'null'
  if (Array.isArray(found)) return 'an array'
  if (typeof found !== 'object') return typeof found
  return 'secrets' in found ? 'an object without a tenant' : 'an object without secrets'
}

/** Returns the source line that called `perTenant`, as ` at <file>:<line>`; empty if it is unknown. */
function lineOf({ stack }: Error): string {
  const frames = (stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '))
  const frame = frames[1]?.trim().slice('at '.length)
  return frame === undefined
    ? ''
    : ` at ${frame.slice(frame.lastIndexOf('(') + 1).replace(')', '')}`
}
