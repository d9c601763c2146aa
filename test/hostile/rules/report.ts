import { INBOXES } from './inboxes.ts'
import type { RulePart, RuleVerdict } from './rule.ts'

/** A rule with fewer was not tried. */
const LEAST = 30

/** What came of one rule. */
export interface RuleReport {
  /** A row of the table, as {@link HEADS}. */
  readonly row: readonly string[]
  /** Why the rule fails: what is broken, or what was left out. Empty if it holds. */
  readonly wrong: readonly string[]
}

/** The heads of `RuleReport.row`. */
export const HEADS: readonly string[] = [
  'rule',
  'cases',
  'routes or hosts',
  'senders',
  'inboxes',
  'broken',
]

/** Judges a rule by the verdicts over its cases: it fails if one is broken, or if too little was tried. */
export function reportRule(
  { rule, title }: Pick<RulePart, 'rule' | 'title'>,
  verdicts: readonly RuleVerdict[],
): RuleReport {
  const cases = verdicts.map((verdict) => verdict.case)
  const inboxes = new Set(cases.flatMap(({ inbox }) => inbox ?? []))
  const missing = INBOXES.filter((name) => !inboxes.has(name))
  const broken = verdicts.filter(({ broken: what }) => what !== undefined)
  const count = (values: readonly (string | undefined)[]): string =>
    String(new Set(values.filter((value) => value !== undefined)).size)
  return {
    row: [
      `${rule} ${title}`,
      String(cases.length),
      count(cases.map(({ at }) => at)),
      count(cases.map(({ sender }) => sender)),
      [...inboxes].join(' '),
      String(broken.length),
    ],
    wrong: [
      ...broken.map((one) => `rule ${rule} · ${one.case.at} · ${one.case.name}: ${one.broken}`),
      ...(cases.length < LEAST ? [`rule ${rule}: ${cases.length} cases, must be ${LEAST}`] : []),
      ...missing.map((name) => `rule ${rule}: the inbox ${name} was left out`),
    ],
  }
}

/** Rows of reports in aligned columns. */
export function tableOf(reports: readonly RuleReport[]): readonly string[] {
  const rows = [HEADS, ...reports.map(({ row }) => row)]
  const widths = HEADS.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)))
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  )
}
