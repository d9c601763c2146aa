// Runs on any Node >= 20: installs when the lock file asks for it, then hands over to the Node 24 of the
// npm package `node`, which runs TypeScript as it is.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { scripts, checks, runs } = JSON.parse(
  readFileSync(new URL('commands.json', import.meta.url), 'utf8'),
)
const [script = '', ...args] = process.argv.slice(2)
const [programs, rest] = chosen()
await install()
const node = join(root, 'node_modules', 'node', 'bin', windows() ? 'node.exe' : 'node')
const path = [join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter)
// The lists of providers are built, and not kept in git.
programs.unshift('packages/providers/test/lists.ts')
for (const [at, program] of programs.entries()) {
  const [file, ...first] = program.split(' ')
  const last = at === programs.length - 1 ? rest : []
  const env = { ...process.env, PATH: path }
  process.exitCode = await run(node, [join(root, file), ...first, ...last], env)
  if (process.exitCode !== 0) break
}

/** The programs of a script, one after another, and the arguments of the last. */
function chosen() {
  if (script === 'test' && args[0] === '--list') list()
  if (script === 'test' && Object.hasOwn(runs, args[0]))
    return [[runs[args[0]].file], args.slice(1)]
  const found = Object.hasOwn(scripts, script) ? scripts[script] : {}
  if (typeof found === 'string') return [[found], args]
  const [name = ''] = args
  if (Object.hasOwn(found, name)) return [[found[name]].flat(), args.slice(1)]
  if (found[''] !== undefined) return [[found['']], args]
  const names = Object.keys(Object.hasOwn(scripts, script) ? found : scripts)
  const command = Object.hasOwn(scripts, script) ? `npm run ${script} --` : 'npm run'
  console.error(`usage: ${command} ${names.join(' | ')}`)
  process.exit(2)
}

function list() {
  const lines = (rows) => rows.map(([name, says]) => `  ${name.padEnd(10)} ${says}`).join('\n')
  console.log(`Checks of npm test and npm run test:all; \`npm test -- lint knip\` runs these two:
${lines(Object.entries(checks))}

Runs of their own; \`npm test -- faults sqlite\` passes on what follows the name:
${lines(Object.entries(runs).map(([name, { says }]) => [name, says]))}`)
  process.exit(0)
}

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
