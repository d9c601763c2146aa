import { checkPack } from '../pack/check.ts'
import { forgetBuilt, isBuilt, rememberBuilt } from './built.ts'
import type { Counts } from './report.ts'
import { run } from './step.ts'
import { vitest } from './vitest.ts'

/**
 * Runs a step. Returns its counts, and its output unless it was already shown. Steps in parallel keep their output, so
 * that it does not mix.
 */
export type Step = () => Promise<Counts & { readonly output?: string }>

/** Lists of steps that run in parallel. `verdict` is the title of the results printed after the stage. */
export interface Stage {
  readonly lanes: readonly (readonly string[])[]
  readonly verdict?: string
}

let built = false
const types: readonly string[] = ['types', 'lint', 'format', 'knip', 'size']

export const commands: Readonly<Record<string, readonly Stage[]>> = {
  test: [
    { lanes: [['build']] },
    // Unit tests mostly wait for files and timers, which leaves CPU time for the other steps. No test writes files that
    // these steps read.
    { lanes: [['units'], types], verdict: 'First verdict' },
    { lanes: [['processes']] },
  ],
  all: [{ lanes: [['build']] }, { lanes: [['long'], ['pack', 'runtimes', 'kinds', 'site']] }],
}

/** The steps by name. `npm test -- lint pack` runs two of them. */
export const steps: Readonly<Record<string, Step>> = {
  // Builds from scratch, so that the packages contain no modules of removed sources.
  async build() {
    built = true
    if (isBuilt()) return { passed: 1, failed: 0, skipped: [], output: 'as it was built last' }
    forgetBuilt()
    const counts = await command(process.execPath, 'packages/build.ts', '--fresh')
    if (counts.failed === 0) rememberBuilt()
    return counts
  },
  units: () => vitest('in process'),
  types: () => command('tsc', '-b'),
  lint: () => command('oxlint', '--deny-warnings'),
  format: () => command('oxfmt', '--check'),
  knip: () => command('knip', '--no-config-hints'),
  size: () => command('size-limit'),
  // `units` also runs this test.
  surface: () => command('vitest', 'run', 'test/release/surface.test.ts'),
  processes: () => vitest('processes'),
  long: () => vitest('long'),
  // Not part of any command.
  apart: () => vitest('apart'),
  pack: () => checkPack({ built }),
  // Builds the documentation site and follows every link.
  site: () => command(process.execPath, 'packages/docs/check/run.ts', 'links', 'search'),
  // This program writes its own report.
  runtimes: () => command(process.execPath, 'test/runtimes/run.ts', ...(built ? ['--built'] : [])),
  // Checks one host of each kind.
  kinds: () =>
    command(process.execPath, 'test/hosts/run.ts', '--kinds', ...(built ? ['--built'] : [])),
}

async function command(program: string, ...args: string[]): ReturnType<Step> {
  const { code, output } = await run(program, args)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [], output }
}
