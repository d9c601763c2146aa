import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** How a program in some language starts, and what its runtime needs. */
interface Runtime {
  /** Exits with 0 where the runtime is there. */
  readonly probe: readonly [program: string, ...args: string[]]
  /** How a Debian gets it. */
  readonly install: string
  /** The command that runs a file. */
  readonly command: (file: string) => Promise<readonly [program: string, ...args: string[]]>
}

const runtimes: Readonly<Record<string, Runtime>> = {
  ts: {
    probe: [process.execPath, '--version'],
    install: '',
    command: async (file) => [process.execPath, file],
  },
  py: {
    probe: ['python3', '-c', 'import flask'],
    install: 'apt-get install --no-install-recommends python3-flask',
    command: async (file) => ['python3', file],
  },
  php: {
    probe: ['php', '--version'],
    install: 'apt-get install --no-install-recommends php-cli',
    // Without a php.ini but one that stands beside it, as its images for containers have it. Each file of the folder is a page.
    async command(file) {
      const ini = join(dirname(file), 'php.ini')
      const settings = existsSync(ini) ? ['-c', ini] : ['-n']
      return ['php', ...settings, '-S', '127.0.0.1:0', '-t', dirname(file)]
    },
  },
  go: {
    probe: ['go', 'version'],
    install: 'apt-get install --no-install-recommends golang-go',
    // Built first: the program that `go run` starts would outlive it. Nothing is downloaded.
    async command(file) {
      const folder = mkdtempSync(join(tmpdir(), 'postern-go-'))
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
      const built = join(folder, basename(file, '.go'))
      const env = { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '' }
      await promisify(execFile)('go', ['build', '-o', built, file], { env })
      return [built]
    },
  },
}

const known = new Map<Runtime, boolean>()

/** The line that says how to get what a file needs; undefined if it is there. */
export function missingFor(file: string): string | undefined {
  const runtime = runtimeOf(file)
  if (!known.has(runtime)) known.set(runtime, isThere(runtime))
  if (known.get(runtime) === true) return undefined
  return `${file} is not run, since ${runtime.probe.join(' ')} fails: ${runtime.install}`
}

/** The command that starts a receiver; it prints `listening URL`, or what the server of PHP prints. */
export function commandOf(file: string): Promise<readonly [program: string, ...args: string[]]> {
  return runtimeOf(file).command(file)
}

/** The URL in a line that a receiver printed when it listened. */
export function urlIn(line: string, file: string): string | undefined {
  const [, listening, php] =
    /^listening (\S+)$|Development Server \((\S+)\) started$/.exec(line) ?? []
  return php === undefined ? listening : `${php}/${basename(file)}`
}

function runtimeOf(file: string): Runtime {
  return runtimes[file.slice(file.lastIndexOf('.') + 1)]!
}

function isThere({ probe: [program, ...args] }: Runtime): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
