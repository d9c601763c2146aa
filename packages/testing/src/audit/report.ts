import type { AuditCase, Severity } from './case.ts'
import type { AuditReply, AuditRequest } from './request.ts'

/** What was wrong with how a case went, in a word. */
export type Symptom =
  | 'accepted'
  | 'acknowledged'
  | 'refused'
  | 'error'
  | 'silent'
  | 'late'
  | 'crash'
  | 'no-effect'
  | 'effects'
  | 'reply'
  | 'leak'
  | 'memory'

/** How one case failed. */
export interface AuditFailure {
  readonly case: AuditCase
  readonly symptom: Symptom
  readonly severity: Severity
  /** What came, in words. */
  readonly came: string
  /** The request that shows it, and its reply. It holds signatures: mask them before they are printed. */
  readonly request?: AuditRequest
  readonly reply?: AuditReply
}

/** One thing that is wrong, with all cases that show it: the worst first. */
export interface AuditFinding {
  /** The remedy and the symptom, as in `verify:accepted`. */
  readonly id: string
  readonly severity: Severity
  readonly failures: readonly AuditFailure[]
}

/** A case that was not judged, and why. */
export interface NotJudged {
  readonly id: string
  readonly reason: string
}

/** A is without a finding. The grade is that of the worst one: never a sum. */
export type Grade = 'A' | 'B' | 'C' | 'D' | 'F'

/** The result of an audit. */
export interface AuditReport {
  readonly sender: string
  readonly seed: number
  /** Absent without a baseline, and if only a part of the battery was played. */
  readonly grade?: Grade
  /** Why there is no grade, or why it is no better. */
  readonly reason: string
  readonly findings: readonly AuditFinding[]
  /** Failures that do not count: what this sender may never send. */
  readonly notes: readonly AuditFailure[]
  /** What could not be seen: it is never taken for good. */
  readonly unknown: readonly NotJudged[]
  /** What does not apply to this sender. */
  readonly skipped: readonly NotJudged[]
  /** Failures that a fresh delivery did not show again. */
  readonly unconfirmed: readonly AuditFailure[]
  readonly passed: readonly string[]
  readonly requests: number
  readonly ms: number
}
