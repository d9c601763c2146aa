// Runs Stryker in the folder that it is started in, and prints the results as JSON: `node stryker.ts <options as JSON>`.
import { writeFileSync } from 'node:fs'
import { Stryker } from '@stryker-mutator/core'

/** What {@link run} passes on. */
interface Options {
  readonly mutate: readonly string[]
  readonly concurrency: number
  /** Where the results go. */
  readonly output: string
}

const { mutate, concurrency, output } = JSON.parse(process.argv[2]!) as Options
const results = await new Stryker({
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: [...mutate],
  inPlace: true,
  coverageAnalysis: 'perTest',
  // Most of the mutants at the top of a module run every test, and they are half of the time.
  ignoreStatic: true,
  concurrency,
  timeoutMS: 20_000,
  // Stryker 10 stops at the configuration of TypeScript 7, and needs none.
  tsconfigFile: 'test/mutation/none.json',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  reporters: ['progress-append-only'],
  allowConsoleColors: false,
  disableTypeChecks: false,
  cleanTempDir: 'always',
}).runMutationTest()
writeFileSync(output, JSON.stringify(results))
process.exit()
