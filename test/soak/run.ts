// `npm test -- soak`: a steady load on each inbox at once, with bounds on memory, store, handles and files. It
// writes RESULTS.md. `--minutes` (20) and `--rate` (20 deliveries a second to each) change the sizes; `--only sqlite` takes
// one inbox and writes nothing.
import { parseArgs } from 'node:util'
import { soakFaults, type SoakReport } from './bounds.ts'
import { inboxes, type InboxName } from '../../packages/cli/src/inboxes.ts'
import { writeResults } from './results.ts'
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
if (values.only === undefined) writeResults(reports, wrong)
process.exit(wrong.length > 0 ? 1 : 0)
