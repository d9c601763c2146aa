import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { forbidSkips, type Result, table } from './report.ts'

const result = (name: string, counts: Partial<Result> = {}): Result => ({
  name,
  passed: 1,
  failed: 0,
  skipped: [],
  seconds: 1,
  ...counts,
})

/** Returns what `count.mjs` prints for these reports of both commands and their exit codes. */
function count(
  reports: Readonly<Record<string, readonly Result[]>>,
  codes: readonly [number, number],
): { readonly code: number | null; readonly last: string } {
  const folder = mkdtempSync(join(tmpdir(), 'postern-count-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'run'))
  mkdirSync(join(folder, '.report'))
  cpSync(join(import.meta.dirname, 'count.mjs'), join(folder, 'run', 'count.mjs'))
  for (const [name, results] of Object.entries(reports))
    writeFileSync(join(folder, '.report', `${name}.json`), JSON.stringify(results))
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(folder, 'run', 'count.mjs'), ...codes.map(String)],
    { encoding: 'utf8' },
  )
  return { code: status, last: stdout.trim().split('\n').at(-1)! }
}

test.each([
  ['both commands and the runtimes add up', [0, 0], {}, 0, '9 passed, 0 failed'],
  ['a failure of the second fails the whole', [0, 1], { failed: 2 }, 1, '9 passed, 2 failed'],
  ['a command that failed without saying what counts as one', [1, 0], {}, 1, '9 passed, 1 failed'],
] as const)('%s', (_, codes, all, code, last) => {
  const reports = {
    test: [result('units', { passed: 4 }), result('lint')],
    all: [result('long', { passed: 3, ...all })],
    runtimes: [result('bun')],
  }
  expect(count(reports, codes)).toEqual({ code, last })
})

test('nothing counted is a failure', () => {
  expect(count({}, [0, 0])).toEqual({ code: 1, last: '0 passed, 0 failed' })
})

const skipped = ['a [needs Redis] one', 'b [needs Redis] two', 'c [needs Chromium]', 'other']

test('a skip is one line for each missing program, and one for each test that is skipped for another reason', () => {
  const lines = table([result('units', { skipped })])
    .split('\n')
    .slice(1)
  expect(lines.map((line) => line.trim())).toEqual([
    'skipped: 2 tests need Redis, which is missing',
    'skipped: 1 test needs Chromium, which is missing',
    'skipped: other',
  ])
})

test('where no test may be skipped, each that was counts as failed', () => {
  expect(forbidSkips(result('units', { failed: 1, skipped }))).toMatchObject({
    passed: 1,
    failed: 5,
    skipped: [],
  })
})
