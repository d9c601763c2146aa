import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Parts } from './faults.ts'

const TITLES: Readonly<Record<Exclude<keyof Parts, 'skipped' | 'failed'>, string>> = {
  crashes: 'Processes killed at random moments',
  poisons: 'A task that kills its process with each wave of eight healthy ones of two seconds',
  outages: 'Kills seven seconds apart on average, then deploys, under load of tasks of two seconds',
  floods: 'Twenty quiet tenants behind the flood of another',
  shutdowns: 'SIGTERM while 16 keep-alive connections are busy',
  drains: 'Events through two worker processes',
  forwarded: 'Events to ten destinations that fail at random, over kills',
}
const FILE = fileURLToPath(new URL('RESULTS.md', import.meta.url))
const KEPT = 5
const WHOLE = 'Whole run of'
const HEAD = `# Fault runs

\`npm run test:faults\` wrote this page: the last ${KEPT} whole runs and the last ${KEPT} of some parts, the newest first. "Repeated" runs were
cut off between effect and settling, which nobody can avoid. Times are milliseconds, if no unit is named.
`

/** A run that has ended. */
export interface FaultRun {
  readonly parts: Parts
  readonly wrong: readonly string[]
  readonly minutes: number
  /** The inboxes and parts that it was limited to; empty for a whole run. */
  readonly alone: readonly string[]
}

/** Writes test/faults/RESULTS.md: this run before the last ones. */
export function writeResults({ parts, wrong, minutes, alone }: FaultRun): void {
  const before = existsSync(FILE)
    ? readFileSync(FILE, 'utf8')
        .split(/^(?=## )/m)
        .slice(1)
    : []
  const run = [
    `## ${alone.length === 0 ? WHOLE : `Run of ${alone.join(', ')} alone,`} ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    '',
    `Node ${process.version}, ${availableParallelism()} cores, load ${loadavg()[2]!.toFixed(1)} over the last 15 of ${minutes.toFixed(1)} minutes.`,
    wrong.length === 0
      ? 'Nothing was lost, given up though healthy, or settled and run again.'
      : `Faults: ${wrong.join('; ')}.`,
    ...tablesOf(parts),
    '',
  ].join('\n')
  const isWhole = (text: string): boolean => text.startsWith(`## ${WHOLE}`)
  const all = [run, ...before]
  const kept = [true, false].flatMap((whole) =>
    all.filter((text) => isWhole(text) === whole).slice(0, KEPT),
  )
  writeFileSync(FILE, [HEAD, ...kept].join('\n').replaceAll(/\n{3,}/g, '\n\n'))
}

/** All parts as tables of Markdown. */
export function tablesOf(parts: Parts): string[] {
  return Object.entries(TITLES).flatMap(([name, title]) => {
    const rows = parts[name as keyof typeof TITLES] as Readonly<Record<string, object>>
    return Object.keys(rows).length === 0 ? [] : ['', `### ${title}`, '', ...table(rows)]
  })
}

function table(rows: Readonly<Record<string, object>>): string[] {
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))]
  const line = (cells: readonly unknown[]): string => `| ${cells.map(String).join(' | ')} |`
  return [
    line(['', ...columns.map(words)]),
    line(['---', ...columns.map(() => '--:')]),
    ...Object.entries(rows).map(([row, values]) =>
      line([row, ...columns.map((column) => (values as Record<string, unknown>)[column] ?? '')]),
    ),
  ]
}

/** `ranAfterSettled` as "ran after settled". */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
