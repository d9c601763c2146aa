// `npm test -- power` traces the system calls of the SQLite inbox and simulates a power cut after each write. It also
// simulates disk errors. It needs strace and writes RESULTS.md. `--deliveries` (120) and `--seed` (1) change the run.
// `--finish` (60): an inbox continues every 60th disk state to the end.
import { parseArgs } from 'node:util'
import { made } from '../run/made.ts'
import { table, writePage } from '../run/page.ts'
import { onPath } from '../services/programs.ts'
import { cutRun } from './cuts.ts'
import { DISK_ERRORS, errorRun, type ErrorReport } from './errors.ts'

const { values } = parseArgs({
  options: {
    deliveries: { type: 'string', default: '120' },
    seed: { type: 'string', default: '1' },
    finish: { type: 'string', default: '60' },
  },
})
if (onPath('strace') === undefined) {
  console.error('strace is missing: apt-get install strace')
  process.exit(2)
}
const deliveries = Number(values.deliveries)
const errors: Record<string, ErrorReport> = {}
for (const error of DISK_ERRORS) errors[error.name] = await errorRun(error, 300)
console.table(errors)
const cuts = await cutRun(deliveries, Number(values.seed), Number(values.finish))
console.table({ cuts })
const wrong = [
  ...Object.entries(errors).flatMap(([name, report]) => [
    ...(report.lost > 0 ? [`${name}: ${report.lost} acknowledged events were lost`] : []),
    ...(report.torn > 0 ? [`${name}: ${report.torn} effects are torn`] : []),
    ...(report.otherReplies > 0 ? [`${name}: ${report.otherReplies} replies other than 503`] : []),
    ...(report.rejected === 0 ? [`${name}: no delivery met the error`] : []),
    ...(report.integrity === 'ok' ? [] : [`${name}: ${report.integrity}`]),
  ]),
  ...(cuts.lost > 0 ? [`cuts: ${cuts.lost} acknowledged events were lost`] : []),
  ...(cuts.torn > 0 ? [`cuts: ${cuts.torn} effects are torn`] : []),
  ...(cuts.damaged > 0 ? [`cuts: ${cuts.damaged} files are damaged`] : []),
  ...(cuts.lostWithoutSyncs === 0 ? ['cuts: the disk of this run loses nothing'] : []),
  ...(cuts.unfinished > 0 ? [`cuts: ${cuts.unfinished} events did not come to their end`] : []),
]
for (const line of wrong) console.error(`✗ ${line}`)
writePage(
  import.meta.dirname,
  '# Power cuts and disk errors of the SQLite inbox',
  `${made('npm test -- power')} A trace of the system calls of an app is played onto a disk that forgets what was not
synced. After each write the power is cut: what no sync came after is gone, there, torn at a sector, or zeros.`,
  wrong.length === 0 ? 'Nothing that was acknowledged was lost.' : `Faults: ${wrong.join('; ')}.`,
  '## Power cuts',
  table(
    ['', ''],
    Object.entries(cuts).map(([name, value]) => [words(name), value]),
    1,
  ),
  '## Errors of the disk',
  'strace makes the call fail for a while; `ulimit -f` is a bound of the kernel that stays.',
  table(
    'error,deliveries,acknowledged,503,other replies,taken after,lost,torn,integrity'.split(','),
    Object.entries(errors).map(([name, one]) => [name, ...Object.values(one)]),
    1,
  ),
  `## What it does not show

- A disk that says "synced" and is not: no program can see that.
- The cut is played on a model of a disk, sector by sector; no machine lost its power.`,
)
process.exit(wrong.length > 0 ? 1 : 0)

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
