// Runs on any Node >= 20: installs when the lock file asks for it, then hands over to the Node 24 of the
// npm package `node`, which runs TypeScript as it is.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const jobs = {
  start: 'examples/start/start.ts',
  test: ['test/run/check.ts', 'test'],
  all: ['test/run/check.ts', 'all'],
  dev: 'test/run/dev.ts',
  hosts: 'test/hosts/run.ts',
  runtimes: 'test/runtimes/run.ts',
  workers: 'test/workers/run.ts',
  postgres: 'test/postgres/run.ts',
  faults: 'test/faults/run.ts',
  power: 'test/power/run.ts',
  soak: 'test/soak/run.ts',
  mutation: 'test/mutation/run.ts',
  fuzz: 'test/fuzz/run.ts',
  hostile: 'test/hostile/run.ts',
  story: 'test/story/run.ts',
  bench: 'test/bench/run.ts',
  audit: 'test/audit/run.ts',
  film: 'packages/inspector/test/page/film/shoot.ts',
  pictures: 'packages/inspector/test/page/states/take.ts',
  official: 'test/official/newest/run.ts',
  docs: 'packages/docs/build.ts',
  'docs:test': 'packages/docs/check/run.ts',
  release: 'test/release/rehearse.ts',
  'release:home': 'test/release/home.ts',
  'release:version': 'test/release/version.ts',
  'release:surface': 'test/release/surface.ts',
  'release:pack': 'test/release/pack.ts',
  'release:publish': 'test/release/publish.ts',
}

const [job = '', ...args] = process.argv.slice(2)
if (!Object.hasOwn(jobs, job)) {
  console.error(`usage: bootstrap.mjs ${Object.keys(jobs).join(' | ')}`)
  process.exit(2)
}
await install()
const node = join(root, 'node_modules', 'node', 'bin', windows() ? 'node.exe' : 'node')
const path = [join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)
const [file, ...first] = [jobs[job]].flat()
process.exitCode = await run(node, [join(root, file), ...first, ...args], {
  ...process.env,
  PATH: path,
})

async function install() {
  const stamp = join(root, 'node_modules', '.installed')
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .update(`${process.platform} ${process.arch}`)
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  console.log('Installing the packages of pnpm-lock.yaml …')
  // CI keeps pnpm from asking questions; the warnings at level warn are about the Node that runs pnpm, which runs nothing else.
  const env = { ...process.env, CI: 'true' }
  const pnpm = ['-y', 'pnpm@12', 'install', '--frozen-lockfile', '--loglevel=error']
  const code = await run('npx', pnpm, env, windows())
  if (code !== 0) {
    console.error(
      'The installation failed. It needs npm, and the npm registry that npm is set up for.',
    )
    process.exit(code)
  }
  writeFileSync(stamp, wanted)
}

function run(program, args, env, shell = false) {
  const child = spawn(program, args, { cwd: root, env, shell, stdio: 'inherit' })
  // An interrupt at the terminal reaches the program too, which decides when it has finished. Other signals reach only us.
  const stay = () => {}
  const pass = (signal) => child.kill(signal)
  process.on('SIGINT', stay).on('SIGTERM', pass).on('SIGHUP', pass)
  return new Promise((resolve) => {
    const end = (code) => {
      process.off('SIGINT', stay).off('SIGTERM', pass).off('SIGHUP', pass)
      resolve(code ?? 1)
    }
    child.on('exit', end)
    child.on('error', (error) => {
      console.error(`${program}: ${error.message}`)
      end(1)
    })
  })
}

function windows() {
  return process.platform === 'win32'
}
