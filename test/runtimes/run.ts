// `npm test -- runtimes` runs the same receivers with fetch on Bun, Deno and workerd.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Draft, SignableRequest } from '@postern/core/scheme'
import { catalogue } from '@postern/providers'
import { installPacked } from '../pack/install-packed.ts'
import { packAll } from '../pack/tarballs.ts'
import { npmCi } from '../run/npm-ci.ts'
import { clearReports, table, writeReport } from '../run/report.ts'
import type { Result } from '../run/report.ts'
import { run } from '../run/step.ts'
import { removeFolder, temporaryFolder } from '../services/temporary.ts'
import { cases } from './cases.ts'
import { drafts, secretOf } from './drafts.ts'
import type { Judgement } from './handler.ts'
import { lacking, type Lack } from './lacking.ts'
import { program, runtimes, serve } from './runtime.ts'
import type { Runtime } from './runtime.ts'

const here = import.meta.dirname

clearReports('runtimes')
await npmCi(here)
await installOurs()
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
  const skipped: string[] = []
  const met = new Set<string>()
  const fail = (name: string, error: unknown): void => {
    met.add(name)
    const lack = lackOf(runtime, name)
    if (lack?.error.test(String(error))) {
      skipped.push(`${name}: ${lack.reason}`)
      return
    }
    failed += 1
    console.error(`${runtime.name}: ${name} failed:`, error)
  }
  const pass = (name: string): void => {
    if (lackOf(runtime, name)) fail(name, new Error('it passes: take it out of lacking.ts'))
    else passed += 1
  }
  const count = (name: string, one: () => Promise<void>): Promise<void> =>
    one().then(
      () => pass(name),
      (error: unknown) => fail(name, error),
    )
  await count('--version', () => version(runtime))
  const server = await serve(runtime)
  try {
    for (const [name, { draft, topic }] of Object.entries(drafts))
      await count(`delivery of ${name}`, () => deliver(server.url, name, draft, topic))
    for (const [name, one] of Object.entries(cases)) await count(name, () => one(server.url))
    for (const name of catalogue.keys()) {
      const answers = await judge(server.url, name)
      for (const one of answers.passed) pass(`${name}: ${one}`)
      for (const { name: one, message } of answers.failed) fail(`${name}: ${one}`, message)
    }
  } finally {
    await server.stop()
  }
  for (const { name } of lacking.filter((lack) => lack.runtime === runtime.name))
    if (!met.has(name)) fail(name, new Error('no case is called so: take it out of lacking.ts'))
  return {
    name: runtime.name,
    passed,
    failed,
    skipped,
    seconds: (performance.now() - started) / 1000,
  }
}

function lackOf(runtime: Runtime, name: string): Lack | undefined {
  return lacking.find((lack) => lack.runtime === runtime.name && lack.name === name)
}

async function version(runtime: Runtime): Promise<void> {
  const { code, output } = await run(program(runtime), ['--version'])
  assert.equal(code, 0, output)
  console.log(`${runtime.name}: ${output.trim().split('\n')[0] ?? ''}`)
}

/**
 * Checks that a changed delivery is rejected, that a correct one is accepted and handled, and that a repeated one is
 * accepted but not handled again.
 */
async function deliver(origin: string, name: string, draft: Draft, topic: string): Promise<void> {
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
    if (lines.filter((one) => one === line).length === 1) return
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

/** Runs the provider's test vectors inside the runtime. */
async function judge(origin: string, name: string): Promise<Judgement> {
  const file = join(here, '..', 'vectors', `${name}.json`)
  if (!existsSync(file)) return { passed: [], failed: [] }
  const response = await fetch(`${origin}judge/${name}`, {
    method: 'POST',
    body: readFileSync(file),
  })
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Judgement
}

/** Installs the packed packages, as users get them, instead of the workspace's sources. */
async function installOurs(): Promise<void> {
  const tarballs = await temporaryFolder('runtimes')
  const packages = await packAll(tarballs, process.argv.includes('--built'))
  // Optional peers that some providers need.
  const peers = ['jose@6', 'structured-headers@2', '@fastify/busboy@3']
  const names = ['@postern/core', '@postern/providers', '@postern/testing', ...peers]
  await installPacked(here, names, packages, ['--no-save'])
  await removeFolder(tarballs)
}

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
      // Bundled CommonJS packages such as @fastify/busboy require() node: modules. ES modules have no require(), so the
      // banner creates it.
      "--banner:js=import { createRequire as makeRequire } from 'node:module'; const require = makeRequire('file:///')",
      '--outdir=dist',
      '--entry-names=[name]',
    ],
    { cwd: here },
  )
  if (code !== 0) throw new Error(output)
}
