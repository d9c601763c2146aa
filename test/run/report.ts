import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

export const root: string = join(import.meta.dirname, '..', '..')

/** Folder of the runners' reports, which `test/run/count.mjs` adds up. */
export const reports: string = join(root, 'test', '.report')

export interface Counts {
  readonly passed: number
  readonly failed: number
  /** Names of the skipped tests. */
  readonly skipped: readonly string[]
  /** Failed tests with their first error. Not set if the runner does not name them. */
  readonly failures?: readonly string[]
}

export interface Result extends Counts {
  readonly name: string
  readonly seconds: number
}

/** Creates the report folder and deletes the command's earlier report, which must not be counted again. */
export function clearReports(name: string): void {
  mkdirSync(reports, { recursive: true })
  rmSync(reportFile(name), { force: true })
}

export function writeReport(name: string, results: readonly Result[]): void {
  mkdirSync(reports, { recursive: true })
  writeFileSync(reportFile(name), JSON.stringify(results, null, 2))
}

/** Reads the counts of vitest's JSON report. A file that failed to load counts as one failed test. */
export function readVitest(file: string): Counts {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  const tests = report.testResults.flatMap((suite) => suite.assertionResults)
  const broken = report.testResults.filter(
    (suite) =>
      suite.status === 'failed' && !suite.assertionResults.some((t) => t.status === 'failed'),
  )
  return {
    passed: tests.filter((t) => t.status === 'passed').length,
    failed: tests.filter((t) => t.status === 'failed').length + broken.length,
    skipped: tests.filter((t) => !['passed', 'failed'].includes(t.status)).map((t) => t.fullName),
    failures: [
      ...tests
        .filter((t) => t.status === 'failed')
        .map((t) => `${t.fullName}: ${head(t.failureMessages?.[0])}`),
      ...broken.map((suite) => `${suite.name}: ${head(suite.message)}`),
    ],
  }
}

/** Returns advice for each file in vitest's JSON report that took more than 40 s. */
export function slowFiles(file: string): readonly string[] {
  const report = JSON.parse(readFileSync(file, 'utf8')) as VitestReport
  return report.testResults
    .map(({ name, startTime, endTime }) => ({ name, seconds: (endTime - startTime) / 1000 }))
    .filter(({ seconds }) => seconds > 40)
    .map(
      ({ name, seconds }) =>
        `${relative(root, name)} took ${seconds.toFixed(0)} s: if it takes 20 s alone, call it *.long.test.ts`,
    )
}

/** Returns the first lines of an error message, shortened. */
function head(message = ''): string {
  return message.split('\n').slice(0, 3).join(' ').slice(0, 500)
}

/** Returns one line per result, aligned, followed by the skipped and failed tests. */
export function table(results: readonly Result[]): string {
  const width = Math.max(...results.map((r) => r.name.length))
  return results
    .flatMap((r) => [
      [
        r.failed === 0 ? 'ok    ' : 'FAILED',
        r.name.padEnd(width),
        `${r.seconds.toFixed(1)} s`.padStart(8),
        ` ${r.passed} passed, ${r.failed} failed, ${r.skipped.length} skipped`,
      ].join(' '),
      ...skippedLines(r.skipped).map((line) => `       skipped: ${line}`),
      ...(r.failures ?? []).map((what) => `       failed: ${what}`),
    ])
    .join('\n')
}

/** Counts skipped tests as failed. */
export function forbidSkips(result: Result): Result {
  return {
    ...result,
    failed: result.failed + result.skipped.length,
    skipped: [],
    failures: [
      ...(result.failures ?? []),
      ...skippedLines(result.skipped).map((line) => `skipped, which is not allowed here: ${line}`),
    ],
  }
}

/**
 * Returns one line for each missing program (`needs` names it), and one for each test that was skipped for another
 * reason.
 */
function skippedLines(names: readonly string[]): readonly string[] {
  const byProgram = Map.groupBy(names, (name) => /\[needs ([^\]]+)\]/.exec(name)?.[1])
  return Array.from(byProgram, ([program, some]) =>
    program === undefined
      ? some
      : [
          `${some.length === 1 ? '1 test needs' : `${some.length} tests need`} ${program}, which is missing`,
        ],
  ).flat()
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly startTime: number
    readonly endTime: number
    readonly message?: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

function reportFile(name: string): string {
  return join(reports, `${name}.json`)
}
