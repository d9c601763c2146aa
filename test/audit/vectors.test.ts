import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { postern } from '../../packages/cli/test/run.ts'
import { onPath } from '../services/programs.ts'
import { needs } from '../services/needs.ts'
import { plant, SECRET } from './planted.ts'

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

/** What 30 lines of Python find wrong with a receiver. */
async function replay(defect?: string): Promise<readonly string[]> {
  const planted = await plant(defect)
  const server = createServer((_, response) => response.end(String(planted.effect())))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
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
  const schema = JSON.parse(
    readFileSync(new URL('../../packages/cli/schema/vectors.json', import.meta.url), 'utf8'),
  ) as Schema
  const all: unknown = JSON.parse(await vectors('http://127.0.0.1:3000/webhooks'))
  expect(problems(all, schema)).toEqual([])
  expect(problems({ ...(all as object), version: 2, more: 1 }, schema)).toEqual([
    '/version',
    '/more',
  ])
})

interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

/** The places that break the schema, by the words that it uses. */
function problems(value: unknown, schema: Schema, at = ''): readonly string[] {
  if ('const' in schema && value !== schema.const) return [at]
  if (schema.enum && !schema.enum.includes(value)) return [at]
  if (schema.type && ![schema.type].flat().includes(typeOf(value))) return [at]
  if (schema.pattern && !new RegExp(schema.pattern).test(String(value))) return [at]
  if (Array.isArray(value))
    return value.flatMap((one, index) => problems(one, schema.items ?? {}, `${at}/${index}`))
  if (typeof value !== 'object' || value === null || !schema.properties) return []
  const members = Object.entries(value)
  return [
    ...(schema.required ?? []).filter((name) => !(name in value)).map((name) => `${at}/${name}`),
    ...members.flatMap(([name, one]) =>
      schema.properties![name]
        ? problems(one, schema.properties![name], `${at}/${name}`)
        : [`${at}/${name}`],
    ),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
