import { remedies, type AuditFailure, type AuditReport } from '@postern/testing/audit'
import { hidden } from './card.ts'
import { curlOf, type CurlFacts } from './curl.ts'

/** The report as JSON: stable, without requests, whose signatures are nobody's business, and without secrets. */
export function plainReport(report: AuditReport, facts: CurlFacts): object {
  const failure = ({
    case: judged,
    symptom,
    severity,
    came,
    request,
    reply,
  }: AuditFailure): object => ({
    case: judged.id,
    symptom,
    severity,
    sent: judged.what,
    came: hidden(came, facts),
    why: judged.why,
    ...(reply && { status: reply.status, reply: hidden(reply.body, facts).slice(0, 500) }),
    ...(request && { curl: curlOf(request, facts) }),
  })
  const { findings, notes, unconfirmed, ...rest } = report
  return {
    ...rest,
    findings: findings.map(({ id, severity, failures }) => ({
      id,
      severity,
      remedy: remedies[failures[0]!.case.remedy],
      failures: failures.map(failure),
    })),
    notes: notes.map(failure),
    unconfirmed: unconfirmed.map(failure),
  }
}
