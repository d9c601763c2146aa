import type { AuditCase, Severity, AuditReply, AuditRequest } from './request.ts'

/** Kind of a failure, as one word. */
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

/** The failure of one case. */
export interface AuditFailure {
  readonly case: AuditCase
  readonly symptom: Symptom
  readonly severity: Severity
  /** Description of the actual result. */
  readonly came: string
  /**
   * Request that shows the failure. `reply` is the reply to this request. Mask signatures before you print the request.
   */
  readonly request?: AuditRequest
  readonly reply?: AuditReply
}

/** One problem, with all failures of this problem, most severe first. */
export interface AuditFinding {
  /** Remedy and symptom, such as `verify:accepted`. */
  readonly id: string
  readonly severity: Severity
  readonly failures: readonly AuditFailure[]
}

/** A case that was not judged, with the reason. */
export interface NotJudged {
  readonly id: string
  readonly reason: string
}

/** The grade, which the most severe finding decides; A if there are no findings. */
export type Grade = 'A' | 'B' | 'C' | 'D' | 'F'

/** The result of an audit. */
export interface AuditReport {
  readonly sender: string
  readonly seed: number
  /** Absent if the genuine deliveries at the start failed, or if only a part of the cases was played. */
  readonly grade?: Grade
  /** Reason for the grade, or why there is no grade. */
  readonly reason: string
  readonly findings: readonly AuditFinding[]
  /** Failures that do not count, because this sender may never send such a delivery. */
  readonly notes: readonly AuditFailure[]
  /** Cases that could not be judged. These cases never count as passed. */
  readonly unknown: readonly NotJudged[]
  /** Cases that do not apply to this sender. */
  readonly skipped: readonly NotJudged[]
  /** Failures that did not occur again with a new delivery. */
  readonly unconfirmed: readonly AuditFailure[]
  readonly passed: readonly string[]
  readonly requests: number
  readonly ms: number
}

// Maximum growth of the memory, in bytes. A burst of 200 deliveries uses half of this maximum.
const MOST = 100 * 1024 * 1024
const ID = 'health/memory'

/** Returns the case about memory after the run. The case sends no requests of its own. */
export function memoryCase(isKnown: boolean): AuditCase {
  return {
    id: ID,
    class: 'health',
    severity: 'medium',
    what: 'all requests together, and the memory that the process uses after them',
    sends: () => [],
    expects: { reply: 'sane' },
    why: 'Memory for unauthenticated requests must be released, or enough of them end the process.',
    remedy: 'body-limit',
    ...(!isKnown && { skip: 'the process id of the receiver was not given' }),
  }
}

/** Compares the memory before and after the run. A second run cannot confirm a failure, since memory stays large. */
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
