import {
  type AuditCase,
  type Severity,
  type AuditReply,
  type AuditRequest,
  isAccepted,
  SEVERITIES,
} from './request.ts'
import type { AuditFailure, Symptom, AuditFinding, AuditReport, Grade } from './report.ts'

export interface Played {
  readonly case: AuditCase
  readonly requests: readonly AuditRequest[]
  /** One reply per request. Undefined if the test closed the connection before a reply could come. */
  readonly replies: readonly (AuditReply | undefined)[]
  /** Number of effects. Undefined if effects were not counted. */
  readonly rise: number | undefined
  /** True if a URL without a route accepted the same request. The receiver's 2xx then proves nothing. */
  readonly control?: boolean
}

/** Undefined if the case passed, and `unknown` if the case cannot be judged. */
type CaseVerdict = AuditFailure | 'unknown' | undefined

export interface JudgeFacts {
  /** Time limit of the sender for a reply, in milliseconds. */
  readonly within: number
}

export function judgePlayed(played: Played, facts: JudgeFacts): CaseVerdict {
  const { expects } = played.case
  const came = played.replies.flatMap((reply, at) => (reply ? [{ reply, at }] : []))
  for (const { reply, at } of came) {
    const wrong = replyOf(played, reply, facts)
    if (wrong !== undefined) return wrong === 'unknown' ? wrong : failed(played, wrong, at, facts)
  }
  if (expects.reply === 'busy' && !came.some(({ reply }) => isAccepted(reply)))
    return failed(played, 'rejected', 0, facts)
  const last = came.at(-1)
  if (expects.text !== undefined && last && !last.reply.body.includes(expects.text))
    return failed(played, 'reply', last.at, facts)
  return effectsOf(played, facts)
}

function effectsOf(played: Played, facts: JudgeFacts): CaseVerdict {
  const { rise, case: judged } = played
  const { effects, reply } = judged.expects
  if (effects === undefined) return undefined
  if (rise === undefined) {
    // Without a count of effects, a reply shows whether one delivery was accepted, but not whether a repeated delivery
    // had a second effect.
    return judged.class === 'idempotency' || reply === 'sane' ? 'unknown' : undefined
  }
  if (rise === effects) return undefined
  if (effects === 0) return failed(played, 'accepted', 0, facts)
  return failed(played, rise < effects ? 'no-effect' : 'effects', played.replies.length - 1, facts)
}

const BUSY = new Set([409, 425, 429, 503])

function replyOf(
  { case: { expects }, rise, control }: Played,
  reply: AuditReply,
  { within }: JudgeFacts,
): Symptom | 'unknown' | undefined {
  // For an unknown method, 501 is as correct as 405.
  const status = reply.status === 501 ? 405 : reply.status
  if (status === 0) return 'silent'
  if (reply.ms > within) return 'late'
  switch (expects.reply) {
    case 'taken':
      return isAccepted(reply) ? undefined : status >= 500 ? 'error' : 'rejected'
    case 'busy':
      return isAccepted(reply) || BUSY.has(status)
        ? undefined
        : status >= 500
          ? 'error'
          : 'rejected'
    case 'sane':
      return status >= 500 ? 'error' : undefined
    default:
      if (status >= 500) return 'error'
      if (!isAccepted(reply)) return undefined
      if (control) return rise === undefined ? 'unknown' : undefined
      return rise === 0 ? 'acknowledged' : 'accepted'
  }
}

function failed(
  { case: judged, requests, replies, rise }: Played,
  symptom: Symptom,
  at: number,
  { within }: JudgeFacts,
): AuditFailure {
  const reply = replies[at]
  const request = requests[at]
  return {
    case: judged,
    symptom,
    severity: severityOf(judged, symptom),
    came: told(judged, symptom, reply, rise, within),
    ...(request && { request }),
    ...(reply && { reply }),
  }
}

/** Two mild failures are at most `medium`: a 5xx instead of a rejection, and a 2xx without an effect. */
function severityOf({ severity, expects }: AuditCase, symptom: Symptom): Severity {
  const isMild = (symptom === 'error' && expects.reply === 'rejected') || symptom === 'acknowledged'
  return isMild && rank(severity) < rank('medium') ? 'medium' : severity
}

function told(
  { expects }: AuditCase,
  symptom: Symptom,
  reply: AuditReply | undefined,
  rise: number | undefined,
  within: number,
): string {
  const status = reply === undefined ? 'no reply' : String(reply.status)
  switch (symptom) {
    case 'silent':
      return `no reply: ${reply?.error ?? 'the connection ended'}`
    case 'late':
      return `${status} after ${Math.round(reply!.ms)} ms; expected within ${within} ms`
    case 'no-effect':
    case 'effects':
      return `${status}, and the effect happened ${times(rise ?? 0)}; expected ${times(expects.effects ?? 0)}`
    case 'accepted':
      return rise === undefined || rise === 0
        ? `${status}: it was accepted`
        : `${status}, and the effect happened ${times(rise)}`
    case 'acknowledged':
      return `${status}, though nothing was done`
    case 'reply':
      return `${status}, without ${expects.text} in its body`
    default:
      return status
  }
}

function times(count: number): string {
  return count === 0 ? 'never' : count === 1 ? 'once' : `${count} times`
}

const GRADES: Readonly<Record<Severity, Grade>> = {
  critical: 'F',
  high: 'D',
  medium: 'C',
  low: 'B',
  note: 'A',
}

interface JudgedCases {
  readonly findings: readonly AuditFinding[]
  readonly unknown: number
  /** Set if the genuine deliveries at the start failed. The value is the reason. */
  readonly broken?: string | undefined
  /** Set if only a part of the cases was played. The value is the reason. */
  readonly part?: string | undefined
}

/** Returns the grade of the worst finding. If a case is unknown, the grade is at most B. */
export function gradeOf({
  findings,
  unknown,
  broken,
  part,
}: JudgedCases): Pick<AuditReport, 'grade' | 'reason'> {
  if (broken !== undefined) return { reason: broken }
  if (part !== undefined) return { reason: part }
  const [worst] = findings
  if (worst && worst.severity !== 'low')
    return { grade: GRADES[worst.severity], reason: `the worst finding is ${worst.severity}` }
  if (unknown > 0)
    return { grade: 'B', reason: `${unknown} cases could not be judged, so the grade is at most B` }
  if (worst) return { grade: 'B', reason: 'the worst finding is low' }
  return { grade: 'A', reason: 'every case that applies to this sender passed' }
}

/**
 * Groups failures with the same cause into findings. A receiver that accepts unsigned deliveries accepts every forged
 * delivery, so all of these are one finding.
 */
export function findingsOf(failures: readonly AuditFailure[]): readonly AuditFinding[] {
  const open = failures.some(
    ({ case: { id }, symptom }) => id === 'forged/no-signature' && symptom === 'accepted',
  )
  const cause = ({ case: { class: kind, remedy, expects }, symptom }: AuditFailure): string =>
    // A receiver that throws instead of rejecting does so for every forgery, so this is one finding.
    expects.reply === 'rejected' && (symptom === 'error' || symptom === 'silent')
      ? `verify:${symptom}`
      : open && (kind === 'forged' || kind === 'spoilt') && symptom === 'accepted'
        ? 'verify:accepted'
        : symptom === 'crash'
          ? 'crash'
          : // A receiver that verifies the parsed body rejects some genuine deliveries and accepts some
            // forged ones, so both have one cause.
            remedy === 'raw-body' && (symptom === 'rejected' || symptom === 'accepted')
            ? 'raw-body'
            : `${remedy}:${symptom}`
  const found = new Map<string, AuditFailure[]>()
  for (const failure of failures)
    found.set(cause(failure), [...(found.get(cause(failure)) ?? []), failure])
  return [...found]
    .map(([id, all]) => {
      const sorted = all.toSorted((one, other) => rank(one.severity) - rank(other.severity))
      return { id, severity: sorted[0]!.severity, failures: sorted }
    })
    .toSorted((one, other) => rank(one.severity) - rank(other.severity))
}

/** Returns the rank of a severity. Rank 0 is the most severe. */
function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity)
}
