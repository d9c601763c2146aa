// Runs Stryker in the current folder: `node stryker.ts <options as JSON>`. reporter.ts writes the results.
import { fileURLToPath } from 'node:url'
import { Stryker } from '@stryker-mutator/core'

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
  // Half of the run time would go to mutants in top-level code, because most of these run every test.
  ignoreStatic: true,
  concurrency,
  timeoutMS: 10_000,
  timeoutFactor: 2,
  dryRunTimeoutMinutes: 30,
  // After about 400 mutants, a runner used 3.5 GB and ran each test five times as slowly.
  maxTestRunnerReuse: 150,
  // Stryker 10 fails with TypeScript 7's configuration, and does not need one.
  tsconfigFile: 'test/mutation/none.json',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false, pool: 'threads' },
  reporters: ['progress-append-only', 'lines'],
  allowConsoleColors: false,
  disableTypeChecks: false,
  cleanTempDir: 'always',
}).runMutationTest()
process.exit()
