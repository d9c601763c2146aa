import { milliseconds, unknownOptions } from '@postern/core/internal'
import type { Duration } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import type { Source } from '../source.ts'
import type { Missing, CatchUpProgress } from './result.ts'
import { checkFits } from './fits.ts'

/** Options of {@link catchUp}, for a range. */
export interface CatchUpOptions {
  /** Events from then on, in milliseconds since 1970; within the inbox's `dedupeWindow` unless `beyondWindow` is set. */
  readonly since: number
  /** Events until then. This end of the range is fixed at the start. @default now */
  readonly until?: number
  /** Events that are listed at most, the newest ones: this number bounds what is held. @default 10000 */
  readonly limit?: number
  /**
   * The tenant that the webhooks would have had: the tenant whose secret verifies them; false if they have none. Payloads
   * need it if the provider's secrets have tenants or come from a function. Redeliveries are signed, so that they take none.
   */
  readonly tenant?: string | false
  /** True takes what the sender says it delivered, too. @default false */
  readonly all?: boolean
  /** Allows events that the inbox may have forgotten: those that were handled then are handled again. @default false */
  readonly beyondWindow?: boolean
  /** Takes payloads that are rendered in another version than the endpoint's. @default false */
  readonly anyVersion?: boolean
  /** Lists and counts, and takes nothing. @default false */
  readonly dryRun?: boolean
  /** The longest that it waits at a time, because the sender is over its rate or the inbox is full. @default '1h' */
  readonly patience?: Duration
  /** Called as it continues. What it throws ends the catch-up. */
  readonly onProgress?: (progress: CatchUpProgress) => void
}

/** The options of one catch-up, checked. */
export interface CatchUpPlan {
  readonly since: number
  readonly until: number
  readonly limit: number
  /** Undefined for none. */
  readonly tenant: string | undefined
  readonly all: boolean
  readonly beyondWindow: boolean
  readonly anyVersion: boolean
  readonly dryRun: boolean
  readonly patience: number
  readonly onProgress: (progress: CatchUpProgress) => void
  readonly records: Records
}

const OPTIONS: readonly (keyof CatchUpOptions)[] = [
  'since',
  'until',
  'limit',
  'tenant',
  'all',
  'beyondWindow',
  'anyVersion',
  'dryRun',
  'patience',
  'onProgress',
]
const FLAGS = ['all', 'beyondWindow', 'anyVersion', 'dryRun'] as const

/** The options, checked. Throws a `TypeError` that names the one that is wrong. */
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
      `catchUp: since is ${hours(now - since)} ago, and ${inbox.name} knows ids for ${hours(inbox.dedupeWindow)}: older events that were handled would be handled again; raise the inbox's dedupeWindow, or set beyondWindow: true`,
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
