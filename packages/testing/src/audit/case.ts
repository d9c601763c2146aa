import type { AuditRequest } from './request.ts'
import type { RemedyId } from './remedies/remedy-ids.ts'

/** How bad a finding is. A `note` is told and does not count. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'note'

/** All, the worst first. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'note']

/** What a case is about. They are played in this order. */
export type CaseClass =
  | 'authentic'
  | 'forged'
  | 'idempotency'
  | 'resilience'
  | 'spoilt'
  | 'surface'
  | 'leaks'
  | 'health'

/** What must come of the requests of a case. */
export interface Expected {
  /**
   * `taken`: each reply is a 2xx. `busy`: at least one is, and others may say that it is being handled (409, 425, 429, 503).
   * `refused`: none is a 2xx or a 5xx. `sane`: each is below 500 and comes in time.
   */
  readonly reply: 'taken' | 'busy' | 'refused' | 'sane'
  /** How often the effect must happen in all. @default it is not judged */
  readonly effects?: number
  /** A text that the last reply must hold. */
  readonly text?: string
}

/** One thing that a receiver must get right, as data. */
export interface AuditCase {
  /** As in `forged/no-signature`: the same for every sender. */
  readonly id: string
  readonly class: CaseClass
  readonly severity: Severity
  /** What is sent, in words. */
  readonly what: string
  /** Makes the requests: rounds one after another, the requests of a round at once. Fresh ones at each call. */
  readonly sends: () => readonly (readonly AuditRequest[])[]
  readonly expects: Expected
  /** Why it matters. */
  readonly why: string
  /** What is to be done: the name of a remedy. */
  readonly remedy: RemedyId
  /** Why it is not sent to this sender's receivers. @default it is sent */
  readonly skip?: string
  /** A request that no route answers: if that is taken as well, a 2xx says nothing. */
  readonly control?: () => AuditRequest
  /** True if effects that come late are waited for. @default false */
  readonly late?: boolean
  /** What happens between its rounds. */
  readonly between?: 'restart'
  /** True if it costs the receiver much: it goes to receivers of this machine alone. @default false */
  readonly heavy?: boolean
  /** How often a failure is tried again before it is dropped, for what happens by chance. @default 1 */
  readonly tries?: number
}
