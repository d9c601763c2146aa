// `npm test`: every check. `npm test -- lint pack` runs the named ones, one after another.
import { join } from 'node:path'
import { checkPack } from '../pack/check.ts'
import { missing } from '../services/programs.ts'
import { clearReports, readVitest, reports, table, writeReport } from './report.ts'
import type { Result } from './report.ts'
import { run } from './step.ts'

type Counts = Omit<Result, 'name' | 'seconds'>

const noSkip = process.env['POSTERN_NO_SKIP'] === '1'
const names = process.argv.slice(2)
const whole = names.length === 0

/** Counts, and the output unless it was shown as it came: steps that run side by side would mix theirs. */
type Step = () => Promise<Counts & { readonly output?: string }>

const steps: Readonly<Record<string, Step>> = {
  // From nothing, so that what is packed later holds nothing of modules that were removed.
  build: () => command(process.execPath, 'packages/build.ts', ...(whole ? ['--fresh'] : [])),
  units: () => vitest('in process'),
  processes: () => vitest('processes'),
  types: () => command('tsc', '-b'),
  lint: () => command('oxlint', '--deny-warnings'),
  format: () => command('oxfmt', '--check'),
  knip: () => command('knip', '--no-config-hints'),
  size: () => command('size-limit'),
  pack: () => checkPack({ built: whole }),
  runtimes: () => command(process.execPath, 'test/runtimes/run.ts'),
}
// Tests wait for files, processes and engines, which leaves time for these. No test writes what they read.
const beside = ['types', 'lint', 'format', 'knip', 'size', 'pack']
// Bun, Deno and workerd are large: `npm run test:runtimes` gets them for who wants them, and CI always. They have a report of their own.
if (noSkip) beside.push('runtimes')

const unknown = names.filter((name) => !Object.hasOwn(steps, name))
if (unknown.length > 0) {
  console.error(
    `No check is called ${unknown.join(', ')}. There are: ${Object.keys(steps).join(', ')}`,
  )
  process.exit(2)
}

clearReports('check')
for (const program of missing()) {
  console.log(
    `${program.name} is not on this machine: tests that need it are skipped. To run them: ${program.get}`,
  )
}
const results: Result[] = []
if (whole) {
  await inTurn(['build'])
  await Promise.all([inTurn(['units', 'processes']), inTurn(beside)])
} else {
  await inTurn(Object.keys(steps).filter((name) => names.includes(name)))
}
writeReport('check', results.map(forbidSkips))
console.log(`\n${table(results)}`)
if (noSkip && results.some((result) => result.skipped.length > 0)) {
  console.log('\nPOSTERN_NO_SKIP=1: what was skipped counts as failed.')
}
const failed = results.map(forbidSkips).filter((result) => result.failed > 0)
if (failed.length > 0) {
  console.log(`\nFailed: ${failed.map((result) => result.name).join(', ')}`)
  process.exitCode = 1
}

async function inTurn(chosen: readonly string[]): Promise<void> {
  for (const name of chosen) {
    const started = performance.now()
    const { output, ...counts } = await steps[name]!()
    if (output !== undefined) console.log(`\n— ${name}\n${output.trim()}`)
    results.push({ name, ...counts, seconds: (performance.now() - started) / 1000 })
  }
}

async function command(program: string, ...args: string[]): ReturnType<Step> {
  const { code, output } = await run(program, args)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [], output }
}

async function vitest(project: string): ReturnType<Step> {
  const name = `vitest-${project.replaceAll(' ', '-')}`
  const file = join(reports, `${name}.json`)
  clearReports(name)
  console.log(`\n— tests: ${project}`)
  const { code } = await run(
    'vitest',
    [
      'run',
      `--project=${project}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    { show: true },
  )
  try {
    const counts = readVitest(file)
    // Vitest also ends with an error for what no test is to blame for, such as an unhandled rejection.
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
  } catch {
    return { passed: 0, failed: 1, skipped: [] }
  }
}

/** Where everything is installed (CI), a test that was skipped is a test that failed. */
function forbidSkips(result: Result): Result {
  return noSkip ? { ...result, failed: result.failed + result.skipped.length, skipped: [] } : result
}
