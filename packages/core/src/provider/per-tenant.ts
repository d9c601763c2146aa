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

/** What the function `secrets` of {@link perTenant} returns. */
export interface TenantSecrets {
  /**
   * The tenant itself, as your database names it. Events get it as their `tenant`, so it must stay the same while secrets
   * change, and be the same for each spelling of a name that the look-up takes for one tenant.
   */
  readonly tenant: string
  /** One secret, or those in force. */
  readonly secrets: string | readonly string[]
}

/** The argument of {@link perTenant}. */
export interface PerTenantOptions {
  /** Returns the tenant that the delivery claims to be from: read from path, header or `context`. `undefined` rejects the delivery as `unknown_sender`. */
  readonly claimedTenant: (delivery: Delivery) => string | undefined
  /** Looks a tenant up by that claim. `undefined` means that there is no such tenant. */
  readonly secrets: (tenant: string) => MaybePromise<TenantSecrets | undefined>
  /**
   * How long an answer is used. Beyond, it is used while it is renewed, for 60 s at most: a changed secret is not seen
   * for that long, unless `forget` is called. @default '60s'
   */
  readonly ttl?: Duration
  /** How many tenants are remembered. @default 1000 */
  readonly max?: number
  /** How many look-ups run at the same time; beyond, a delivery is answered 503 and comes again. @default 100 */
  readonly atOnce?: number
  /** How many look-ups are started in a minute; beyond, likewise. Known tenants have as many of their own. @default 3000 */
  readonly perMinute?: number
}

/** What {@link perTenant} returns. */
export interface TenantResolver extends SecretResolver {
  /** Forgets what was looked up under a claimed name, in this process: the next delivery looks it up again. */
  forget(tenant: string): void
}

const OVERDUE = 60_000

/**
 * A {@link SecretResolver} for many tenants on one route, with a bounded cache; look-ups of one tenant that overlap are
 * made once, and failures are not remembered. Events get the `tenant` that the look-up returned. Tenants of whom a
 * delivery was verified are looked up within bounds of their own, so that invented names cannot delay them.
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
    // The monotonic clock: one that jumps must not end or prolong an answer.
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
    // The text of a path decides nothing: a look-up that folds case would run one delivery for each spelling.
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

/** Where the app called; empty if the runtime does not tell. */
function lineOf({ stack }: Error): string {
  const frames = (stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '))
  const frame = frames[1]?.trim().slice('at '.length)
  return frame === undefined
    ? ''
    : ` at ${frame.slice(frame.lastIndexOf('(') + 1).replace(')', '')}`
}
