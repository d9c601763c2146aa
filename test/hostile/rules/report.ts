import { INBOXES } from './inboxes.ts'
import type { RulePart, RuleVerdict } from './rule.ts'

/** Minimum number of cases of a rule. */
const LEAST = 30

export interface RuleReport {
  /** Row of the table, with the columns {@link HEADS}. */
  readonly row: readonly string[]
  /** Failures and missing cases. Empty if the rule holds. */
  readonly wrong: readonly string[]
}

export const HEADS: readonly string[] = [
  'rule',
  'cases',
  'routes or hosts',
  'senders',
  'inboxes',
  'broken',
]

/** Reports a rule. The rule fails if a case fails or if too few cases ran. */
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
