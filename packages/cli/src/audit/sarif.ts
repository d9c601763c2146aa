import { type Severity, remedies, type AuditReport } from '@postern/testing/audit'
import { version } from '../version.ts'
import { Failure } from '../print/say.ts'

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
  note: 'note',
}

/**
 * The findings as SARIF 2.1.0, for code scanning.
 *
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifOf(report: AuditReport, source: ReturnType<typeof sourceOption>): object {
  const found = report.findings.map(({ id, severity, failures }) => ({
    id,
    severity,
    worst: failures[0]!,
    failures,
  }))
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'postern audit',
            semanticVersion: version(),
            informationUri: 'https://www.npmjs.com/package/postern',
            rules: found.map(({ id, severity, worst }) => ({
              id,
              shortDescription: { text: worst.case.what },
              fullDescription: { text: worst.case.why },
              help: { text: remedies[worst.case.remedy].does },
              defaultConfiguration: { level: LEVELS[severity] },
            })),
          },
        },
        results: found.map(({ id, severity, worst, failures }, ruleIndex) => ({
          ruleId: id,
          ruleIndex,
          level: LEVELS[severity],
          message: {
            text: `Sent: ${worst.case.what}. Came: ${worst.came}. ${worst.case.why} ${remedies[worst.case.remedy].does} Cases: ${failures.map((one) => one.case.id).join(', ')}.`,
          },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: source.uri },
                region: { startLine: source.line },
              },
            },
          ],
        })),
      },
    ],
  }
}

/** The place of the handler in the source, from `file:line`. */
export function sourceOption(text: string): { readonly uri: string; readonly line: number } {
  const [, uri, line] = /^(.+):([1-9]\d*)$/.exec(text) ?? []
  if (uri === undefined)
    throw new Failure(2, `--source must be file:line, as in app/webhooks/route.ts:12, got ${text}`)
  return { uri: encodeURI(uri.replaceAll('\\', '/')), line: Number(line) }
}
