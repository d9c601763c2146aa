import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { watch } from './example.ts'

const cwd = fileURLToPath(new URL('../../examples/start/', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'postern-start-'))
const env = (name: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PORT: '0',
  POSTERN_DB: join(folder, name),
})
afterAll(() => rmSync(folder, { recursive: true }))

test(
  'npm start -- --once sends every source its deliveries and ends well',
  { timeout: 120_000 },
  async () => {
    const output = await new Promise<string>((resolve, reject) => {
      execFile(
        process.execPath,
        ['start.ts', '--once'],
        { cwd, env: env('once.db') },
        (error, stdout, stderr) =>
          error ? reject(new Error(`${stdout}\n${stderr}`, { cause: error })) : resolve(stdout),
      )
    })
    for (const source of [
      'github',
      'shopify',
      'stripe',
      'twilio',
      'slack',
      'standard-webhooks',
      'bank',
      'sensor',
    ])
      expect(output).toMatch(new RegExp(`^${source} +valid.* 200 +[12] +ok$`, 'm'))
    for (const rejected of [
      'signature_mismatch',
      'timestamp_too_old',
      'timestamp_in_future',
      'missing_header',
    ])
      expect(output).toMatch(new RegExp(` 401 ${rejected} +0 +ok$`, 'm'))
    expect(output).not.toContain('WRONG')
    const table = output.split('\n').filter((line) => / (?:200|401) .* ok$/.test(line))
    expect(Math.max(...table.map((line) => line.length))).toBeLessThan(80)
  },
)

// The app first fills its inbox with a day of deliveries, also if a previous run has left some.
test('npm start stays up, and the curl line it prints is taken', { timeout: 300_000 }, async () => {
  const child = spawn(process.execPath, ['start.ts'], {
    cwd,
    env: env('once.db'),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const example = await watch(child, /Listening on http:\/\/localhost:(\d+)/)
  try {
    const last = await example.line("  -d '")
    const from = example.lines.findIndex((line) => line.startsWith('curl -i '))
    const lines = example.lines.slice(from, example.lines.indexOf(last) + 1)
    const headers = lines.flatMap((line) => /-H '([^:]+): (.*)' \\$/.exec(line)?.slice(1, 3) ?? [])
    const pairs = headers.flatMap((_, at) =>
      at % 2 === 0 ? [[headers[at]!, headers[at + 1]!] as [string, string]] : [],
    )
    const url = /curl -i (\S+)/.exec(lines[0]!)![1]!
    const body = / -d '(.*)'$/.exec(last)![1]!
    const response = await fetch(url, { method: 'POST', headers: pairs, body })
    expect(response.status).toBe(200)
    const id = pairs.find(([name]) => name === 'x-github-delivery')![1]
    await example.line(`github: search: issues.opened ${id}`)

    const line = await example.line(/#key=/)
    const [, page, key] = /(http\S+)#key=([\w-]+)/.exec(line)!
    expect((await fetch(`${page}/~/api/health`)).status).toBe(401)
    const health = await fetch(`${page}/~/api/health?range=24h`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const { things } = (await health.json()) as {
      things: { kind: string; receiver: string }[]
    }
    expect(new Set(things.map(({ kind }) => kind))).toEqual(new Set(['dead', 'rejected', 'silent']))
    expect(things.find(({ kind }) => kind === 'silent')!.receiver).toBe('linear')
  } finally {
    await example.stop()
  }
})
