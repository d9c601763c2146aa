import type { Checks, CommonDefaults, CommonSettings } from './attach/checks.ts'
import type { Duration } from '../../basics/deadline.ts'

/** Settings of an inbox on the engine; times in milliseconds. */
export interface EngineSettings extends CommonSettings {
  /** The part of `maxPending` that one tenant may take. */
  readonly maxPendingShare: number
  /** How often a worker looks for what other processes stored. */
  readonly pollInterval: number
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
