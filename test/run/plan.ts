import { checkPack } from '../pack/check.ts'
import { forgetBuilt, isBuilt, rememberBuilt } from './built.ts'
import type { Counts } from './report.ts'
import { run } from './step.ts'
import { vitest } from './vitest.ts'

/** The counts of one step, and its output if it was not shown as it came: outputs of steps side by side would mix. */
export type Step = () => Promise<Counts & { readonly output?: string }>

/** Lanes of steps side by side, and what is said when all of them ended. */
export interface Stage {
  readonly lanes: readonly (readonly string[])[]
  readonly verdict?: string
}

let built = false
const types: readonly string[] = ['types', 'lint', 'format', 'knip', 'size']

/** What each command runs, stage after stage. */
export const commands: Readonly<Record<string, readonly Stage[]>> = {
  test: [
    { lanes: [['build']] },
    // Tests in process wait for files and timers, which leaves time for the others. No test writes what these read.
    { lanes: [['units'], types], verdict: 'First verdict' },
    { lanes: [['processes']] },
  ],
  all: [{ lanes: [['build']] }, { lanes: [['long'], ['pack', 'runtimes', 'kinds', 'site']] }],
}

/** Each step by its name: `npm test -- lint pack` runs two of them. */
export const steps: Readonly<Record<string, Step>> = {
  // From nothing: what is packed holds nothing of modules that were removed.
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
  // Units have it too.
  surface: () => command('vitest', 'run', 'test/release/surface.test.ts'),
  processes: () => vitest('processes'),
  long: () => vitest('long'),
  // No command runs it with the others.
  apart: () => vitest('apart'),
  pack: () => checkPack({ built }),
  // The site: built, and each link followed.
  site: () => command(process.execPath, 'packages/docs/check/run.ts', 'links', 'search'),
  // It writes a report of its own.
  runtimes: () => command(process.execPath, 'test/runtimes/run.ts', ...(built ? ['--built'] : [])),
  // One host of each kind.
  kinds: () =>
    command(process.execPath, 'test/hosts/run.ts', '--kinds', ...(built ? ['--built'] : [])),
}

async function command(program: string, ...args: string[]): ReturnType<Step> {
  const { code, output } = await run(program, args)
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [], output }
}
