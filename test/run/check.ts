// `npm test` and `npm run test:all` each run a part of the checks. `npm test -- lint pack` runs the named checks, one
// after another. `npm test -- --list` lists all checks, which commands.json describes.
import { missing } from '../services/programs.ts'
import { commands, steps, type Stage } from './plan.ts'
import { clearReports, forbidSkips, table, writeReport, type Result } from './report.ts'

const noSkip = process.env['POSTERN_NO_SKIP'] === '1'
const [name = 'test', ...named] = process.argv.slice(2)

const unknown = named.filter((step) => !Object.hasOwn(steps, step))
if (unknown.length > 0) {
  console.error(`No check is called ${unknown.join(', ')}; npm test -- --list names all`)
  process.exit(2)
}

clearReports(name)
for (const program of missing())
  console.log(`${program.name} is not on this machine: ${program.get} makes its tests run`)
const began = performance.now()
const results: Result[] = []
const stages: readonly Stage[] =
  named.length > 0
    ? [{ lanes: [Object.keys(steps).filter((step) => named.includes(step))] }]
    : commands[name]!
for (const { lanes, verdict } of stages) {
  await Promise.all(lanes.map(inTurn))
  if (verdict !== undefined) tell(`${verdict} after ${seconds(began).toFixed(0)} s`)
}
const failed = tell('All').filter((result) => result.failed > 0)
writeReport(name, judged())
if (failed.length > 0) process.exitCode = 1

async function inTurn(chosen: readonly string[]): Promise<void> {
  for (const step of chosen) {
    const started = performance.now()
    const { output, ...counts } = await steps[step]!()
    if (output !== undefined) console.log(`\n— ${step}\n${output.trim()}`)
    results.push({ name: step, ...counts, seconds: seconds(started) })
  }
}

/** Prints the results so far and the names of the failed steps. */
function tell(title: string): readonly Result[] {
  const told = judged()
  const bad = told.filter((result) => result.failed > 0).map((result) => result.name)
  console.log(`\n${table(told)}`)
  console.log(`\n${title}: ${bad.length === 0 ? 'nothing failed' : `failed: ${bad.join(', ')}`}`)
  return told
}

/** Counts skipped tests as failed where all programs are installed (CI). */
function judged(): readonly Result[] {
  return noSkip ? results.map(forbidSkips) : results
}

function seconds(since: number): number {
  return (performance.now() - since) / 1000
}
