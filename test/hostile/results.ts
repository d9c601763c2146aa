import type { HostileCase } from './case.ts'
import type { Verdict } from './play.ts'
import type { FloodReport } from './flood/flood.ts'
import { floodText } from './flood/results.ts'
import { HEADS, type RuleReport } from './rules/report.ts'
import { made } from '../run/made.ts'
import { table, writePage } from '../run/page.ts'

export interface WholeRun {
  readonly cases: readonly HostileCase[]
  readonly verdicts: readonly Verdict[]
  readonly rules: readonly RuleReport[]
  readonly floods: readonly FloodReport[]
}

export function writeResults({ cases, verdicts, rules, floods }: WholeRun): void {
  writePage(
    import.meta.dirname,
    `# Hostile requests

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

${floodText(floods)}`,
  )
}

function hostRows(
  cases: readonly HostileCase[],
  verdicts: readonly Verdict[],
): readonly (readonly (string | number)[])[] {
  return Array.from(
    Map.groupBy(verdicts, ({ host }) => host),
    ([host, some]) => {
      const count = (is: (one: Verdict) => boolean): number => some.filter(is).length
      return [
        host,
        some.length,
        count(({ wrong }) => wrong !== undefined),
        count(({ accepted }) => accepted),
        count(({ crashed }) => crashed),
        leftOut(host, cases),
      ]
    },
  )
}

/** Returns how many cases a host cannot send, by reason. */
function leftOut(host: string, cases: readonly HostileCase[]): string {
  const reasons = cases.flatMap(({ without }) => without?.[host] ?? [])
  const counts = Map.groupBy(reasons, (reason) => reason)
  return Array.from(counts, ([reason, { length }]) => `${length}: ${reason}`).join('; ') || 'none'
}

function classRows(
  cases: readonly HostileCase[],
  verdicts: readonly Verdict[],
): readonly (readonly (string | number)[])[] {
  const wrong = verdicts.filter((one) => one.wrong !== undefined)
  return Array.from(
    Map.groupBy(cases, (one) => one.class),
    ([name, { length }]) => [
      name,
      length,
      wrong.filter(({ hostile }) => hostile.class === name).length,
    ],
  )
}
