import { execFileSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { root } from '../run/report.ts'

/** Returns what the files use while they are imported. */
function usedBy(files: readonly string[]): readonly string[] {
  const program = join(root, 'test/lint/module-scope.mjs')
  const urls = files.map((file) => pathToFileURL(file).href)
  return JSON.parse(
    execFileSync(process.execPath, [program, ...urls], { encoding: 'utf8' }),
  ) as string[]
}

test('no file that runs on Workers takes time, chance, a timer or an AbortController while it is loaded', () => {
  const files = globSync('packages/{core,providers,hono}/src/**/*.ts', { cwd: root })
  expect(files.length).toBeGreaterThan(300)
  expect(usedBy(files.map((file) => join(root, file)))).toEqual([])
})

test('the check sees what a function does that is called there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-scope-'))
  const file = join(folder, 'flawed.mjs')
  writeFileSync(
    file,
    "import { randomUUID } from 'node:crypto'\nfunction make() { return [new AbortController(), Date.now(), new Date(), new Date(0), randomUUID()] }\nexport const made = make()\nexport const later = () => Math.random()\n",
  )
  const names = usedBy([file]).map((line) => line.split(': ').at(-1))
  rmSync(folder, { recursive: true })
  expect(names).toEqual(['new AbortController', 'now', 'new Date', 'randomUUID'])
})
