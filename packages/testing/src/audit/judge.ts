import {
  type AuditCase,
  type Severity,
  type AuditReply,
  type AuditRequest,
  SEVERITIES,
} from './request.ts'
import type { AuditFailure, Symptom, AuditFinding, AuditReport, Grade } from './report.ts'

/** How a case went. */
export interface Played {
  readonly case: AuditCase
  readonly requests: readonly AuditRequest[]
  /** One for each request; undefined if none is expected, since the sender was gone. */
  readonly replies: readonly (AuditReply | undefined)[]
  /** How often the effect happened; undefined if nobody looked. */
  readonly rise: number | undefined
  /** True if the same without a route was taken as well. */
  readonly control?: boolean
}

/** What is wrong with how a case went; undefined if nothing is, `unknown` if that cannot be told. */
type CaseVerdict = AuditFailure | 'unknown' | undefined

/** What a sender says of its deliveries, as the judge needs it. */
export interface JudgeFacts {
  /** Milliseconds within which it wants its answer. */
  readonly within: number
}

/** Judges a case: replies first, effects then. */
export function judgePlayed(played: Played, facts: JudgeFacts): CaseVerdict {
  const { expects } = played.case
  const came = played.replies.flatMap((reply, at) => (reply ? [{ reply, at }] : []))
  for (const { reply, at } of came) {
    const wrong = replyOf(played, reply, facts)
    if (wrong !== undefined) return wrong === 'unknown' ? wrong : failed(played, wrong, at, facts)
  }
  if (expects.reply === 'busy' && !came.some(({ reply }) => isTaken(reply)))
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
    // Without an observer a reply is all there is: of a rejection and of a single delivery it says enough.
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
  // 501 says that a method is not there, which is a right answer.
  const status = reply.status === 501 ? 405 : reply.status
  if (status === 0) return 'silent'
  if (reply.ms > within) return 'late'
  switch (expects.reply) {
    case 'taken':
      return isTaken(reply) ? undefined : status >= 500 ? 'error' : 'rejected'
    case 'busy':
      return isTaken(reply) || BUSY.has(status) ? undefined : status >= 500 ? 'error' : 'rejected'
    case 'sane':
      return status >= 500 ? 'error' : undefined
    default:
      if (status >= 500) return 'error'
      if (!isTaken(reply)) return undefined
      if (control) return rise === undefined ? 'unknown' : undefined
      return rise === 0 ? 'acknowledged' : 'accepted'
  }
}

function isTaken({ status }: AuditReply): boolean {
  return status >= 200 && status < 300
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

/** A rejection that says 500 is noise and retries; a 2xx without an effect is a wrong word to the sender. */
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
      return `${status} after ${Math.round(reply!.ms)} ms; it must come within ${within} ms`
    case 'no-effect':
    case 'effects':
      return `${status}, and the effect happened ${times(rise ?? 0)}; it must happen ${times(expects.effects ?? 0)}`
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

/** What the grade of a run rests on. */
interface JudgedCases {
  readonly findings: readonly AuditFinding[]
  readonly unknown: number
  /** Why there is no baseline. */
  readonly broken?: string | undefined
  /** Why not all cases were played. */
  readonly part?: string | undefined
}

/** The grade of the worst finding. What is unknown is never good: B at best. */
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
  return { grade: 'A', reason: 'every case that applies to this sender went as it must' }
}

/** One finding for each cause. If an unsigned delivery is taken, every forged one is. */
export function findingsOf(failures: readonly AuditFailure[]): readonly AuditFinding[] {
  const open = failures.some(
    ({ case: { id }, symptom }) => id === 'forged/no-signature' && symptom === 'accepted',
  )
  const cause = ({ case: { class: kind, remedy, expects }, symptom }: AuditFailure): string =>
    // A receiver that throws where it should reject does so for every forgery.
    expects.reply === 'rejected' && (symptom === 'error' || symptom === 'silent')
      ? `verify:${symptom}`
      : open && (kind === 'forged' || kind === 'spoilt') && symptom === 'accepted'
        ? 'verify:accepted'
        : symptom === 'crash'
          ? 'crash'
          : // Who verifies what was parsed rejects some genuine ones and takes some forged ones.
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

/** 0 is the worst. */
function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity)
}
