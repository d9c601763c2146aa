import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { steps } from './plan.ts'
import { root } from './report.ts'

const read = (file: string): unknown => JSON.parse(readFileSync(join(root, file), 'utf8'))
const { scripts, checks, runs } = read('test/run/commands.json') as {
  readonly scripts: Readonly<Record<string, string | Readonly<Record<string, string | string[]>>>>
  readonly checks: Readonly<Record<string, string>>
  readonly runs: Readonly<Record<string, { readonly file: string; readonly says: string }>>
}
const called = (...args: string[]): { readonly code: number | null; readonly output: string } => {
  const script = join(root, 'test/run/bootstrap.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
  })
  return { code: status, output: stdout + stderr }
}

test('ten scripts are all there are, and each has its program', () => {
  const names = Object.keys((read('package.json') as { scripts: object }).scripts)
  expect(names.toSorted()).toEqual([...Object.keys(scripts), 'changeset'].toSorted())
  expect(names).toHaveLength(10)
  const programs = Object.values(scripts)
    .flatMap((one) => (typeof one === 'string' ? one : Object.values(one).flat()))
    .concat(Object.values(runs).map(({ file }) => file))
  expect(programs.filter((one) => !existsSync(join(root, one.split(' ')[0]!)))).toEqual([])
})

test('the list has each check and each run, with a sentence', () => {
  const { code, output } = called('test', '--list')
  expect(code).toBe(0)
  for (const name of [...Object.keys(steps), ...Object.keys(runs)])
    expect(output).toMatch(new RegExp(`^  ${name} +\\S.{15}`, 'm'))
  expect(Object.keys(checks).filter((name) => !(name in steps))).toEqual([])
})

test.each([
  [['release'], 'npm run release -- version | home'],
  [['release', 'yank'], 'npm run release -- version | home'],
  [['film'], 'npm run start | dev'],
])('%j is rejected with the names that there are', (args, usage) => {
  expect(called(...args)).toEqual({ code: 2, output: expect.stringContaining(usage) })
})
