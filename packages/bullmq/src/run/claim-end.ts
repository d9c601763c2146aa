import type { Outcome, Ran } from '@postern/core/inbox'
import type { DoneValue } from '../journal/attempts.ts'
import type { HeldJob } from './claim.ts'

/** A run that is done, with the value to store. */
export interface Finished {
  readonly held: HeldJob
  readonly ran: Ran
  readonly outcome: Outcome
  readonly value: DoneValue
}

/** How a claim ended. */
export interface ClaimEnd {
  /** Undefined without an outcome: the claim was lost or put off, or another claim stores the outcome. */
  readonly kind?: Outcome['kind']
  /** True if its handler ran. */
  readonly ran?: boolean
  /** A task that is done, which the caller has to store. */
  readonly finished?: Finished
  /** When the task may be claimed again, if it was interrupted, in milliseconds since 1970. */
  readonly due?: number
}

export const NO_CLAIM_END: ClaimEnd = {}
