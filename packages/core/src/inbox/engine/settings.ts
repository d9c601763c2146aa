import type { Checks, CommonDefaults, CommonSettings } from './attach/checks.ts'
import type { Duration } from '../../basics/deadline.ts'
import type { Inbox } from '../inbox.ts'
import type { Ahead } from './run/slot.ts'
import type { Transactions } from './accept/transactions.ts'
import type { Back, StoreParts } from './store.ts'

/** Settings of an inbox on the engine; times in milliseconds. */
export interface EngineSettings extends CommonSettings {
  /** The part of `maxPending` that one tenant may take. */
  readonly maxPendingShare: number
  /** How often a worker looks for what other processes stored. */
  readonly pollInterval: number
  /** Nothing is written: no tables, no signs of life, no change. Stores obey it by themselves too. @default false */
  readonly readOnly?: boolean
}

/** Options that all inboxes on the engine have. */
export interface EngineOptions {
  /** Share of `maxPending` that one tenant may hold. */
  readonly maxPendingShare?: number
  /** How often a worker looks for what other processes stored. */
  readonly pollInterval?: Duration
}

/** Reads the options that all inboxes on the engine have in common. A `TypeError` names the wrong one. */
export function engineSettings<Options extends EngineOptions>(
  inbox: string,
  check: Checks<Options>,
  defaults: CommonDefaults & { readonly pollInterval: Duration },
): EngineSettings {
  return {
    ...check.common(defaults),
    maxPendingShare: pendingShare(inbox, check.value('maxPendingShare')),
    pollInterval: check.time('pollInterval', defaults.pollInterval),
  }
}

/** The option `maxPendingShare`. */
export function pendingShare(inbox: string, given: number | undefined): number {
  const share = given ?? 0.5
  if (typeof share === 'number' && share > 0 && share <= 1) return share
  throw new TypeError(
    `${inbox}: maxPendingShare must be a number from above 0 to 1, got ${String(share)}`,
  )
}

/** The argument of {@link engineInbox}. */
export interface EngineInboxOptions {
  /** Makes the store. `warn` tells all receivers. */
  readonly store: (warn: (message: string) => void, back: Back) => StoreParts
  /** What `engineSettings` read. */
  readonly settings: EngineSettings
  /** Those of the application, as `transactions(name)` makes them. */
  readonly transactions: Transactions<unknown>
  /** How far ahead quick handlers get tasks. */
  readonly ahead: Ahead
  /** What it cannot do. @default all of it */
  readonly can?: Partial<Inbox['can']>
  /** False if ids are known for as long as each sender needs, however long that is. @default true */
  readonly windowed?: boolean
  /** Milliseconds for which `waitUntil` of a host is held for what runs. @default not at all */
  readonly hold?: number
}
