// `npm test -- soak` puts a steady load on all inboxes in parallel and checks bounds on memory, store, handles and
// files. Writes RESULTS.md. `--minutes` (20) and `--rate` (20 deliveries per second per inbox) change the run. `--only
// sqlite` runs one inbox and writes nothing.
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { made } from '../run/made.ts'
import { table, writePage } from '../run/page.ts'
import { soakFaults, type SoakReport } from './bounds.ts'
import { inboxes, type InboxName } from '../../packages/cli/src/inboxes.ts'
import { soakRun } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '20' },
    only: { type: 'string' },
  },
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const all = Object.keys(inboxes) as InboxName[]
const names = all.filter((name) => values.only === undefined || values.only === name)
const minutes = Number(values.minutes)
if (names.length === 0 || !(minutes > 0))
  throw new TypeError(`--only must be one of ${all.join(', ')}, and --minutes a number above 0`)
const reports: Record<string, SoakReport> = {}
await Promise.all(
  names.map(async (name) => {
    reports[name] = await soakRun(name, minutes, Number(values.rate))
    console.log(name, JSON.stringify(reports[name]))
  }),
)
const wrong = Object.entries(reports).flatMap(([name, report]) => soakFaults(name, report))
for (const line of wrong) console.error(`✗ ${line}`)
if (values.only === undefined) writeResults()
process.exit(wrong.length > 0 ? 1 : 0)

function writeResults(): void {
  const sorted = Object.entries(reports).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const rows = Object.keys(sorted[0]![1]) as (keyof SoakReport)[]
  writePage(
    import.meta.dirname,
    '# Soak runs',
    `${made('npm test -- soak')} A steady load on four inboxes at once. Pairs are the middle values of the second and of
the last quarter of the run. Sizes are MiB; the heap is measured after a collection and has the memory outside of it. The store
is the file with its log, the memory of Redis, or the database; the journal of deliveries fills it up to its bound.`,
    `Load ${loadavg()[2]!.toFixed(1)} over the last 15 minutes. ${wrong.length === 0 ? 'Nothing was lost, and nothing grew beyond its bound.' : `Faults: ${wrong.join('; ')}.`}`,
    table(
      ['', ...sorted.map(([name]) => name)],
      rows.map((row) => [row, ...sorted.map(([, report]) => [report[row]].flat().join(' → '))]),
      1,
    ),
    `## What it does not show

- What happens after more than the minutes above, or at a load near what the machine can take.
- A sender over a real network: all of it is on one machine.`,
  )
}
