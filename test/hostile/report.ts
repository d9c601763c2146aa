import type { HostileCase } from './case.ts'
import type { Cost } from './cost.ts'
import type { Verdict } from './play.ts'

export interface Report {
  readonly lines: readonly string[]
  readonly failed: boolean
}

/** Returns the report's lines: each failure with its hosts, then counts. */
export function reportOf(
  cases: readonly HostileCase[],
  verdicts: readonly Verdict[],
  costs: readonly Cost[],
  uncaught: number,
): Report {
  const wrong = verdicts.filter((verdict) => verdict.wrong !== undefined)
  const hosts = [...new Set(verdicts.map(({ host }) => host))]
  const dearest = costs.toSorted((a, b) => b.cpu - a.cpu)[0]
  const largest = costs.toSorted((a, b) => b.mebibytes - a.mebibytes)[0]
  const crashed = verdicts.filter((verdict) => verdict.crashed).length + uncaught
  return {
    failed: wrong.length > 0 || crashed > 0,
    lines: [
      ...told(wrong).map((line) => `✗ ${line}`),
      `cases              ${cases.length} in ${new Set(cases.map((one) => one.class)).size} classes`,
      `adapters           ${hosts.length}: ${hosts.join(', ')}`,
      `played             ${verdicts.length}`,
      `wrongly accepted   ${verdicts.filter(({ accepted }) => accepted).length}`,
      `crashed            ${crashed}`,
      `another reply      ${wrong.length}`,
      `dearest            ${dearest ? `${dearest.cpu.toFixed(1)} ms of CPU for ${dearest.bytes} bytes: ${dearest.name}` : 'none was measured'}`,
      `largest            ${largest ? `${largest.mebibytes.toFixed(1)} MiB for ${largest.bytes} bytes: ${largest.name}` : 'none was measured'}`,
    ],
  }
}

/** Returns each failure once, with all its hosts. */
export function told(wrong: readonly Verdict[]): readonly string[] {
  const hosts = new Map<string, string[]>()
  for (const { host, hostile, wrong: reason } of wrong) {
    const line = `${hostile.class} · ${hostile.name}: ${reason}`
    hosts.set(line, [...(hosts.get(line) ?? []), host])
  }
  return Array.from(hosts, ([line, where]) => `${line} (${where.join(', ')})`)
}
