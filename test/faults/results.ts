import { writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'

/** All parts of a fault run, each a table of named rows. */
export type Parts = Readonly<Record<string, Readonly<Record<string, unknown>> | object | undefined>>

const TITLES: Readonly<Record<string, string>> = {
  crashes: 'Processes killed at random moments',
  poisons: 'Tasks that kill their process beside healthy ones, then deploys under load',
  shutdowns: 'SIGTERM while 16 keep-alive connections are busy',
  drains: 'Events through two worker processes',
  forwarded: 'Events to ten destinations that fail at random, over kills',
}

/** Writes test/faults/RESULTS.md. */
export function writeResults(parts: Parts, wrong: readonly string[]): void {
  const load = loadavg()[1]!.toFixed(1)
  const text = [
    '# Fault runs',
    '',
    '`npm run test:faults` wrote this page. "Repeated" runs were cut off between effect and settling, which nobody can avoid.',
    '',
    `Node ${process.version}, ${availableParallelism()} cores, load ${load} at the end. ${wrong.length === 0 ? 'Nothing was lost, given up or run again.' : `Faults: ${wrong.join('; ')}.`}`,
    ...Object.entries(parts).flatMap(([name, part]) =>
      part === undefined ? [] : ['', `## ${TITLES[name] ?? name}`, '', ...table(name, part)],
    ),
    '',
  ].join('\n')
  writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), text)
}

function table(name: string, part: object): string[] {
  const rows = (name === 'forwarded' ? { forward: part } : part) as Record<string, object>
  const columns = [...new Set(Object.values(rows).flatMap((row) => Object.keys(row)))]
  const line = (cells: readonly unknown[]): string => `| ${cells.map(String).join(' | ')} |`
  return [
    line(['', ...columns]),
    line(['---', ...columns.map(() => '--:')]),
    ...Object.entries(rows).map(([row, values]) =>
      line([row, ...columns.map((column) => (values as Record<string, unknown>)[column] ?? '')]),
    ),
  ]
}
