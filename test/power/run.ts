// `npm test -- power`: a power cut after each write of the SQLite inbox, by a trace of its system calls, and errors of its
// disk. It needs strace. It writes RESULTS.md. `--deliveries` (120), `--seed` (1) and `--finish` (every 60th disk is played
// to its end) change the sizes.
import { parseArgs } from 'node:util'
import { onPath } from '../services/programs.ts'
import { cutRun } from './cuts.ts'
import { DISK_ERRORS, errorRun, type ErrorReport } from './errors.ts'
import { writeResults } from './results.ts'

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
writeResults(cuts, errors, wrong)
process.exit(wrong.length > 0 ? 1 : 0)
