import { milliseconds, unknownOptions, madeOf } from '@postern/core/internal'
import type { Duration } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import type { Source } from '../source.ts'
import type { Missing, CatchUpProgress } from './result.ts'
import type { Provider } from '@postern/core/scheme'

/** Options of a {@link catchUp} that covers one range of time. */
export interface CatchUpOptions {
  /**
   * Start of the range, in milliseconds since 1970. The start must be within the inbox's `dedupeWindow`, unless
   * `beyondWindow` is true.
   */
  readonly since: number
  /** End of the range, in milliseconds since 1970. @default now */
  readonly until?: number
  /**
   * Maximum number of events to list. If there are more, the newest are listed. The list is kept in memory. @default
   * 10000
   */
  readonly limit?: number
  /**
   * Tenant of the webhooks, or false if the webhooks have no tenant. A source of payloads needs this option if the
   * provider's secrets have tenants or come from a function. For redeliveries, leave this option out: redeliveries are
   * signed, so the receiver knows their tenant.
   */
  readonly tenant?: string | false
  /** If true, also ingests events that the sender has already delivered. @default false */
  readonly all?: boolean
  /**
   * If true, allows events that are older than the inbox's `dedupeWindow`. Events that were already handled are then
   * handled again. @default false
   */
  readonly beyondWindow?: boolean
  /** If true, accepts payloads whose API version differs from the endpoint's version. @default false */
  readonly anyVersion?: boolean
  /** If true, only lists and counts the events. @default false */
  readonly dryRun?: boolean
  /**
   * Maximum time that one request or event waits in total, because of the sender's rate limit or a full inbox. @default
   * '1h'
   */
  readonly patience?: Duration
  /** Called with the progress. If this function throws, the catch-up ends with that error. */
  readonly onProgress?: (progress: CatchUpProgress) => void
}

/** The checked options of a catch-up. Times are in milliseconds. */
export type CatchUpPlan = Required<Omit<CatchUpOptions, 'tenant' | 'patience'>> & {
  readonly tenant: string | undefined
  readonly patience: number
  readonly records: Records
}

const FLAGS = ['all', 'beyondWindow', 'anyVersion', 'dryRun'] as const
const OPTIONS: readonly (keyof CatchUpOptions)[] = [
  ...FLAGS,
  'since',
  'until',
  'limit',
  'tenant',
  'patience',
  'onProgress',
]

export function checkCatchUp(
  receiver: Missing,
  source: Source,
  options: CatchUpOptions,
): CatchUpPlan {
  unknownOptions('catchUp', options, OPTIONS)
  const records = checkFits(receiver, source, options.tenant)
  const { inbox, now: clock } = receiver.settings
  const now = clock()
  const { since, limit = 10_000, onProgress = () => undefined, beyondWindow = false } = options
  const until = Math.min(options.until ?? now, now)
  for (const [name, value] of [
    ['since', since],
    ['until', until],
  ] as const)
    if (!(typeof value === 'number' && value >= 0))
      throw new TypeError(
        `catchUp: ${name} must be milliseconds since 1970, such as Date.now() - 3_600_000, got ${String(value)}`,
      )
  if (since > until)
    throw new TypeError(`catchUp: since must be before until, got ${since} and ${until}`)
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new TypeError(`catchUp: limit must be a whole number from 1 and up, got ${String(limit)}`)
  if (typeof onProgress !== 'function')
    throw new TypeError(`catchUp: onProgress must be a function, got ${typeof onProgress}`)
  for (const name of FLAGS)
    if (![undefined, true, false].includes(options[name]))
      throw new TypeError(`catchUp: ${name} must be true or false, got ${String(options[name])}`)
  if (!beyondWindow && since < now - inbox.dedupeWindow)
    throw new TypeError(
      `catchUp: since is ${hours(now - since)} ago, but ${inbox.name} remembers ids for only ${hours(inbox.dedupeWindow)}; handlers would run again for older events; raise the inbox's dedupeWindow, or set beyondWindow: true`,
    )
  return {
    since,
    until,
    limit,
    tenant: options.tenant === false ? undefined : options.tenant,
    all: options.all ?? false,
    beyondWindow,
    anyVersion: options.anyVersion ?? false,
    dryRun: options.dryRun ?? false,
    patience: milliseconds(options.patience ?? '1h', 'catchUp: patience'),
    onProgress,
    records,
  }
}

function hours(time: number): string {
  return `${Math.round(time / 360_000) / 10} hours`
}

/** Returns the inbox's `records`. Throws a `TypeError` if source, inbox or tenant does not fit the receiver. */
export function checkFits(
  { provider, settings }: Missing,
  source: Source,
  tenant: string | false | undefined,
): Records {
  const { inbox, dedupe } = settings
  if (source?.kind !== 'payload' && source?.kind !== 'redelivery')
    throw new TypeError(
      'catchUp: source must be a source of @postern/registrar, such as githubEvents({ … })',
    )
  if (source.provider !== provider.name)
    throw new TypeError(
      `catchUp: the source lists events of ${source.provider}, and this receiver accepts those of ${provider.name}`,
    )
  if (!inbox.records)
    throw new TypeError(
      `catchUp: ${inbox.name} keeps no records, so progress would be lost; use sqliteInbox, postgresInbox, mysqlInbox, bullmqInbox or memoryInbox`,
    )
  if (dedupe === 'none' || (dedupe === 'id' && provider.ids === false))
    throw new TypeError(
      `catchUp: this receiver deduplicates nothing, so handlers would run again for known events; give events of ${provider.name} an id, and leave dedupe: 'none' out`,
    )
  checkTenant(provider, source, tenant)
  return inbox.records
}

function checkTenant(provider: Provider, source: Source, tenant: string | false | undefined): void {
  if (source.kind === 'redelivery') {
    if (tenant !== undefined)
      throw new TypeError(
        'catchUp: redeliveries are signed and get the tenant of their secret; leave tenant out',
      )
    return
  }
  if (tenant !== undefined && tenant !== false && (typeof tenant !== 'string' || tenant === ''))
    throw new TypeError(
      `catchUp: tenant must be the name of a tenant, or false for none, got ${typeof tenant === 'string' ? 'an empty string' : typeof tenant}`,
    )
  const tenants = tenantsOf(provider)
  if (tenants === 'unknown') {
    if (tenant === undefined)
      throw new TypeError(
        `catchUp: the secrets of ${provider.name} come from a function, so give the tenant that the webhooks have, or tenant: false if they have none; with the wrong tenant, handlers would run again for known events`,
      )
    return
  }
  if (tenants.length === 0 && typeof tenant === 'string')
    throw new TypeError(
      `catchUp: the secrets of ${provider.name} have no tenant, so their webhooks have none either; leave tenant out`,
    )
  if (tenants.length > 0 && !tenants.includes(tenant === false ? undefined : tenant))
    throw new TypeError(
      `catchUp: tenant must be that of one of the secrets (${tenants.join(', ')}), got ${String(tenant)}; with the wrong tenant, handlers would run again for known events`,
    )
}

function tenantsOf(provider: Provider): readonly (string | undefined)[] | 'unknown' {
  const made = madeOf(provider)
  // The tenant is unknown if secrets come from a function, or if the provider was not made with `provider()`.
  if (!made || typeof made.secret === 'function') return 'unknown'
  const found = [made.secret]
    .flat()
    .map((one) => (typeof one === 'object' ? one.tenant : undefined))
  return found.some((tenant) => tenant !== undefined) ? found : []
}
