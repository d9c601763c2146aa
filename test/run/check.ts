// `npm test`: every check, one after another. `npm test -- lint pack` runs the named ones.
import { join } from 'node:path'
import { checkPack } from '../pack/check.ts'
import { missing } from '../services/programs.ts'
import { clearReports, readVitest, reports, table, writeReport } from './report.ts'
import type { Result } from './report.ts'
import { run } from './step.ts'

type Counts = Omit<Result, 'name' | 'seconds'>

const steps: Readonly<Record<string, () => Promise<Counts>>> = {
  build: () => command(process.execPath, 'packages/build.ts'),
  types: () => command('tsc', '-b'),
  lint: () => command('oxlint', '--deny-warnings'),
  format: () => command('oxfmt', '--check'),
  tests,
  knip: () => command('knip', '--no-config-hints'),
  size: () => command('size-limit'),
  pack: checkPack,
}

const noSkip = process.env['POSTERN_NO_SKIP'] === '1'
const names = process.argv.slice(2)
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
for (const [name, step] of Object.entries(steps)) {
  if (names.length > 0 && !names.includes(name)) continue
  console.log(`\n— ${name}`)
  const started = performance.now()
  const counts = await step()
  results.push({ name, ...counts, seconds: (performance.now() - started) / 1000 })
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

async function command(program: string, ...args: string[]): Promise<Counts> {
  const { code } = await run(program, args, { show: true })
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] }
}

async function tests(): Promise<Counts> {
  const file = join(reports, 'vitest.json')
  clearReports('vitest')
  const { code } = await run(
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
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
