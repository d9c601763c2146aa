import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { catalogue } from '@postern/providers/catalogue'
import { afterAll, expect, test } from 'vitest'
import { postern } from '../../packages/cli/test/run.ts'
import { onPath } from '../services/programs.ts'
import { needs } from '../services/needs.ts'
import { listenOn } from '../services/temporary.ts'
import { plant, SECRET } from './planted.ts'
import { schemaProblems } from './schema.ts'
import { replayed } from './vectors-page.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'vectors-'))
const python = { name: 'Python', file: onPath('python3'), get: 'apt-get install python3' }
afterAll(() => rmSync(folder, { recursive: true }))

async function vectors(url: string): Promise<string> {
  const args = ['vectors', '--provider', 'stripe', '--secret', SECRET, '--url', url]
  const { code, out } = await postern(args, { cwd: folder })
  expect(code).toBe(0)
  expect(out).not.toContain(SECRET)
  return out
}

/** Returns the failures that a replayer of 30 lines of Python finds in a receiver. */
async function replay(defect?: string): Promise<readonly string[]> {
  const planted = await plant(defect)
  const server = createServer((_, response) => response.end(String(planted.effect())))
  const port = await listenOn(server)
  const file = join(folder, `${defect ?? 'sound'}.json`)
  writeFileSync(file, await vectors(planted.url))
  const program = fileURLToPath(new URL('replay.py', import.meta.url))
  const { stdout } = await run(python.file!, [program, file, `http://127.0.0.1:${port}`])
  server.close()
  await planted.close()
  return JSON.parse(stdout) as string[]
}

needs(python).test(
  'Python replays them against a sound receiver, and against a flawed one',
  async () => {
    expect(await replay()).toEqual([])
    expect(await replay('reserialised')).toEqual(
      expect.arrayContaining(['authentic/escapes', 'authentic/indented', 'forged/re-serialised']),
    )
  },
)

test('they are as their schema says', async () => {
  const schema = fileURLToPath(new URL('../../packages/cli/schema/vectors.json', import.meta.url))
  const all: unknown = JSON.parse(await vectors('http://127.0.0.1:3000/webhooks'))
  expect(schemaProblems(schema, all)).toEqual([])
  const spoilt = schemaProblems(schema, { ...(all as object), version: 2, more: 1 })
  expect(spoilt.join('\n')).toMatch(/additionalProp.*more[^]*\/version must be equal/)
})

test('30 lines of Python are enough', () => {
  const lines = readFileSync(new URL('replay.py', import.meta.url), 'utf8')
    .trim()
    .split('\n')
  expect(lines.length).toBeLessThanOrEqual(30)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(120)
})

test.each(['github', 'slack', 'twilio'])(
  'our own receiver of %s goes as they say',
  async (name) => {
    const { cases, wrong } = await replayed(catalogue.get(name)!)
    expect([cases > 40, wrong]).toEqual([true, []])
  },
)
