// Runs Stryker in the folder that it is started in: `node stryker.ts <options as JSON>`. Its results are the lines of reporter.ts.
import { fileURLToPath } from 'node:url'
import { Stryker } from '@stryker-mutator/core'

/** What {@link run} passes on. */
interface Options {
  readonly mutate: readonly string[]
  readonly concurrency: number
}

const { mutate, concurrency } = JSON.parse(process.argv[2]!) as Options
await new Stryker({
  testRunner: 'vitest',
  plugins: [
    '@stryker-mutator/vitest-runner',
    fileURLToPath(new URL('reporter.ts', import.meta.url)),
  ],
  mutate: [...mutate],
  inPlace: true,
  coverageAnalysis: 'perTest',
  // Most of the mutants at the top of a module run every test, and they are half of the time.
  ignoreStatic: true,
  concurrency,
  timeoutMS: 10_000,
  timeoutFactor: 2,
  dryRunTimeoutMinutes: 30,
  // A runner that tried some 400 held 3.5 GB, and ran each test at a fifth of its speed.
  maxTestRunnerReuse: 150,
  // Stryker 10 stops at the configuration of TypeScript 7, and needs none.
  tsconfigFile: 'test/mutation/none.json',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false, pool: 'threads' },
  reporters: ['progress-append-only', 'lines'],
  allowConsoleColors: false,
  disableTypeChecks: false,
  cleanTempDir: 'always',
}).runMutationTest()
process.exit()
