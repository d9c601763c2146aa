import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'postern-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Returns the linter's output for one line of code. */
function lint(code: string): Promise<string> {
  const config = join(folder, 'lint.json')
  const file = join(folder, 'code.ts')
  const plugin = join(root, 'test', 'lint', 'postern.mjs')
  const rules = { 'postern/bounded-bodies': 'error' }
  writeFileSync(config, JSON.stringify({ jsPlugins: [plugin], categories: {}, rules }))
  writeFileSync(file, `export {}\n${code}\n`)
  const oxlint = join(root, 'node_modules', '.bin', 'oxlint')
  return new Promise((resolve) => {
    execFile(oxlint, ['-c', config, file], (_error, stdout, stderr) => resolve(stdout + stderr))
  })
}

test.each([
  'await request.text()',
  'await response.json()',
  'await (await fetch(url)).arrayBuffer()',
  'await context.req.formData()',
  'await reply?.blob()',
  "await response['bytes']()",
  'const reader = response.body!.getReader()',
  'for await (const part of response.body ?? []) keep(part)',
  'for await (const part of message as AsyncIterable<Uint8Array>) keep(part)',
  "import { text } from 'node:stream/consumers'",
])('bounded-bodies forbids %s', async (code) => {
  expect(await lint(code)).toContain('reads a body of any length')
})

test.each([
  'const value = delivery.json()',
  'await readBounded(response.body, 1024)',
  'for await (const page of pages) yield page',
  'express.json({ limit: 1024 })',
])('and nothing else: %s', async (code) => {
  expect(await lint(code)).not.toContain('reads a body of any length')
})
