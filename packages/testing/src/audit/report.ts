import type { AuditCase, Severity, AuditReply, AuditRequest } from './request.ts'

/** What was wrong with how a case went, in a word. */
export type Symptom =
  | 'accepted'
  | 'acknowledged'
  | 'rejected'
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
  /** Why there is no grade, or why it is not a better. */
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

// Bytes. A burst of 200 deliveries costs half of it.
const MOST = 100 * 1024 * 1024
const ID = 'health/memory'

/** The case that no request belongs to: what a run leaves in memory. */
export function memoryCase(isKnown: boolean): AuditCase {
  return {
    id: ID,
    class: 'health',
    severity: 'medium',
    what: 'all requests together, and the memory that the process uses after them',
    sends: () => [],
    expects: { reply: 'sane' },
    why: 'What strangers send must not be held: with more of it the process ends.',
    remedy: 'body-limit',
    ...(!isKnown && { skip: 'nobody said which process it is' }),
  }
}

/** Compares the memory before a run and after it. It cannot be tried again: memory that grew stays. */
export function watchMemory(
  read: (() => Promise<number>) | undefined,
  cases: readonly AuditCase[],
): { start(): Promise<void>; failures(): Promise<readonly AuditFailure[]> } {
  const judged = cases.find(({ id }) => id === ID)
  let before = Number.NaN
  return {
    async start() {
      if (read && judged) before = await read()
    },
    async failures() {
      const grown = read && judged ? (await read()) - before : Number.NaN
      if (!judged || !(grown > MOST)) return []
      const came = `it uses ${Math.round(grown / 1024 / 1024)} MiB more than before`
      return [{ case: judged, symptom: 'memory', severity: judged.severity, came }]
    },
  }
}
