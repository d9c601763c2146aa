import { writeFileSync } from 'node:fs'
import type { HostileCase } from './case.ts'
import type { Verdict } from './play.ts'
import type { FloodReport } from './flood/flood.ts'
import { floodText } from './flood/results.ts'
import { HEADS, type RuleReport } from './rules/report.ts'
import { made } from '../run/made.ts'

export interface WholeRun {
  readonly cases: readonly HostileCase[]
  readonly verdicts: readonly Verdict[]
  readonly rules: readonly RuleReport[]
  readonly floods: readonly FloodReport[]
}

export function writeResults({ cases, verdicts, rules, floods }: WholeRun): void {
  const text = `# Hostile requests

${made('npm test -- hostile')}

## Every case on every host

${cases.length} cases in ${new Set(cases.map((one) => one.class)).size} classes: each attack on each sender, through each adapter that gets a body as it comes.
A failure is another reply than the one that the case must get, an event that must not be taken, or a crash.

${table(['host', 'cases', 'failures', 'taken though hostile', 'crashed', 'left out, and why'], hostRows(cases, verdicts))}

${table(['class', 'cases', 'failures on any host'], classRows(cases, verdicts))}

## Every rule over the whole product

The rules of [SECURITY.md](../../SECURITY.md), each tried on every inbox.

${table(
  HEADS,
  rules.map(({ row }) => row),
)}

${floodText(floods)}`
  writeFileSync(new URL('RESULTS.md', import.meta.url), text)
}

function hostRows(
  cases: readonly HostileCase[],
  verdicts: readonly Verdict[],
): readonly (readonly string[])[] {
  return Array.from(
    Map.groupBy(verdicts, ({ host }) => host),
    ([host, some]) => [
      host,
      String(some.length),
      String(some.filter(({ wrong }) => wrong !== undefined).length),
      String(some.filter(({ accepted }) => accepted).length),
      String(some.filter(({ crashed }) => crashed).length),
      leftOut(host, cases),
    ],
  )
}

/** Returns the number of cases that a host cannot send, by reason. */
function leftOut(host: string, cases: readonly HostileCase[]): string {
  const reasons = Map.groupBy(
    cases.flatMap(({ without }) => without?.[host] ?? []),
    (reason) => reason,
  )
  return Array.from(reasons, ([reason, some]) => `${some.length}: ${reason}`).join('; ') || 'none'
}

function classRows(
  cases: readonly HostileCase[],
  verdicts: readonly Verdict[],
): readonly (readonly string[])[] {
  return Array.from(
    Map.groupBy(cases, (one) => one.class),
    ([name, some]) => [
      name,
      String(some.length),
      String(
        verdicts.filter(({ hostile, wrong }) => hostile.class === name && wrong !== undefined)
          .length,
      ),
    ],
  )
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n')
}
