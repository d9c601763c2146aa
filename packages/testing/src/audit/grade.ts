import { SEVERITIES, type Severity } from './case.ts'
import type { AuditFailure, AuditFinding, AuditReport, Grade } from './report.ts'

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
    return { grade: 'B', reason: `${unknown} cases could not be judged: no better than B` }
  if (worst) return { grade: 'B', reason: 'the worst finding is low' }
  return { grade: 'A', reason: 'every case that applies to this sender went as it must' }
}

/** One finding for each cause. If an unsigned delivery is taken, every forged one is. */
export function findingsOf(failures: readonly AuditFailure[]): readonly AuditFinding[] {
  const open = failures.some(
    ({ case: { id }, symptom }) => id === 'forged/no-signature' && symptom === 'accepted',
  )
  const cause = ({ case: { class: kind, remedy, expects }, symptom }: AuditFailure): string =>
    // A receiver that throws where it should refuse does so for every forgery.
    expects.reply === 'refused' && (symptom === 'error' || symptom === 'silent')
      ? `verify:${symptom}`
      : open && (kind === 'forged' || kind === 'spoilt') && symptom === 'accepted'
        ? 'verify:accepted'
        : symptom === 'crash'
          ? 'crash'
          : // Who verifies what was parsed refuses some genuine ones and takes some forged ones.
            remedy === 'raw-body' && (symptom === 'refused' || symptom === 'accepted')
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
export function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity)
}
