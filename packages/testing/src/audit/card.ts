import { inertText } from '@postern/core/inert'
import type { Severity } from './request.ts'
import type { AuditReport, Grade } from './report.ts'

/** Short summary of an audit, to show to others. The card contains no requests and no replies. */
export interface AuditCard {
  readonly sender: string
  /** Absent if the audit gave no grade. `reason` says why. */
  readonly grade?: Grade
  readonly reason: string
  /** Numbers of cases, by result. */
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly unknown: number
  /** The findings, most severe first. The first finding decides the grade. */
  readonly costs: readonly {
    readonly id: string
    readonly severity: Severity
    /** Description of the request of the most severe failure. `came` describes the reply. */
    readonly sent: string
    readonly came: string
    /** Number of failed cases. */
    readonly cases: number
  }[]
}

/**
 * The rule by which audits are graded, in one line.
 *
 * @example console.log(gradeRule)
 */
export const gradeRule =
  'The worst finding decides: critical F, high D, medium C, low B, none A. With an unknown case, B at best.'

/**
 * Returns the card of an audit: the grade, the counts of cases, and the findings that cost the grade.
 *
 * @example
 * const { grade, passed } = auditCard(await audit({ provider, send }))
 */
export function auditCard(report: AuditReport): AuditCard {
  const { sender, grade, reason, findings, passed, skipped, unknown } = report
  const costs = findings.map(({ id, severity, failures: [worst, ...others] }) => ({
    id,
    severity,
    sent: worst!.case.what,
    came: worst!.came,
    cases: others.length + 1,
  }))
  return {
    sender,
    ...(grade && { grade }),
    reason,
    passed: passed.length,
    failed: costs.reduce((sum, { cases }) => sum + cases, 0),
    skipped: skipped.length,
    unknown: unknown.length,
    costs,
  }
}

// White text on each color has a contrast of at least 4.5.
const COLORS: Readonly<Record<Grade, string>> = {
  A: '#1a7f37',
  B: '#4d7a0b',
  C: '#8a6100',
  D: '#b04a00',
  F: '#b3261e',
}

/**
 * Returns a badge for a README as an SVG of 20 pixels in height. The SVG loads nothing: no font, no image and no URL.
 *
 * @throws {TypeError} if the audit has no grade.
 * @example
 * await writeFile('audit.svg', auditBadge(auditCard(report)))
 */
export function auditBadge({ sender, grade, passed, failed, skipped, unknown }: AuditCard): string {
  if (!grade) throw new TypeError('card: grade must be set, got undefined; play the whole battery')
  const label = 'webhook audit'
  const value = failed > 0 ? `${grade} · ${failed} failed` : `${grade} · ${passed} passed`
  const title = `Postern audit of ${sender}: grade ${grade}; ${passed} cases passed, ${failed} failed, ${unknown} unknown, ${skipped} do not apply`
  const [left, right] = [widthOf(label), widthOf(value)]
  const text = (at: number, width: number, words: string): string =>
    `<text x="${at + width / 2}" y="14" textLength="${width - 2 * PAD}">${xmlText(words)}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${left + right}" height="20" role="img" aria-label="${xmlText(title)}">
<title>${xmlText(title)}</title>
<rect width="${left + right}" height="20" rx="3" fill="${COLORS[grade]}"/>
<path d="M3 0h${left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
${text(0, left, label)}
${text(left, right, value)}
</g>
</svg>
`
}

const PAD = 6

/** Returns the width of a text in pixels, an estimate. With the attribute `textLength`, every font has this width. */
function widthOf(text: string): number {
  return Math.round(text.length * 6.5) + 2 * PAD
}

/** Returns a text for XML. Characters that XML does not allow are shown as escapes. */
function xmlText(text: string): string {
  return inertText(text).replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
