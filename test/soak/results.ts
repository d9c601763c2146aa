import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { SoakReport } from './bounds.ts'
import { made } from '../run/made.ts'

/** Writes test/soak/RESULTS.md. */
export function writeResults(
  reports: Readonly<Record<string, SoakReport>>,
  wrong: readonly string[],
): void {
  const names = Object.keys(reports).toSorted()
  const columns = [...new Set(Object.values(reports).flatMap((report) => Object.keys(report)))]
  const text = [
    '# Soak runs',
    '',
    `${made('npm test -- soak')} A steady load on four inboxes at once. Pairs are the middle values of the second and of`,
    'the last quarter of the run. Sizes are MiB; the heap is measured after a collection and has the memory outside of it. The store',
    'is the file with its log, the memory of Redis, or the database; the journal of deliveries fills it up to its bound.',
    '',
    `Load ${loadavg()[2]!.toFixed(1)} over the last 15 minutes. ${wrong.length === 0 ? 'Nothing was lost, and nothing grew beyond its bound.' : `Faults: ${wrong.join('; ')}.`}`,
    '',
    `| | ${names.join(' | ')} |`,
    `| --- | ${names.map(() => '--:').join(' | ')} |`,
    ...columns.map((column) => {
      const cells = names.map((name) => {
        const value = reports[name]![column as keyof SoakReport]
        return typeof value === 'number' ? String(value) : value.join(' → ')
      })
      return `| ${column} | ${cells.join(' | ')} |`
    }),
    '',
    '## What it does not show',
    '',
    '- What happens after more than the minutes above, or at a load near what the machine can take.',
    '- A sender over a real network: all of it is on one machine.',
    '',
  ].join('\n')
  writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), text)
}
