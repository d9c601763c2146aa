import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'

/** Runtime of a language: how to start a program, and what it needs. */
interface Runtime {
  /** Exits with 0 if the runtime is installed. */
  readonly probe: readonly [program: string, ...args: string[]]
  readonly install: string
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
    // PHP reads only a php.ini next to the file, as in its container images. Each file of the folder is a page.
    async command(file) {
      const ini = join(dirname(file), 'php.ini')
      const settings = existsSync(ini) ? ['-c', ini] : ['-n']
      return ['php', ...settings, '-S', '127.0.0.1:0', '-t', dirname(file)]
    },
  },
  go: {
    probe: ['go', 'version'],
    install: 'apt-get install --no-install-recommends golang-go',
    // Builds first, because stopping `go run` does not stop the program that it started. Nothing is downloaded.
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

/** Returns how to install the runtime of a file, or undefined if it is installed. */
export function missingFor(file: string): string | undefined {
  const runtime = runtimeOf(file)
  if (!known.has(runtime)) known.set(runtime, isThere(runtime))
  if (known.get(runtime) === true) return undefined
  return `${file} is not run, since ${runtime.probe.join(' ')} fails: ${runtime.install}`
}

/**
 * Returns the command that starts a receiver. The receiver prints `listening URL`; PHP's server prints its own line.
 */
export function commandOf(file: string): Promise<readonly [program: string, ...args: string[]]> {
  return runtimeOf(file).command(file)
}

/** The line that a receiver prints when it listens. */
export const LISTENS = /^listening (\S+)$|Development Server \((\S+)\) started$/

/** Returns the URL in the line that {@link LISTENS} matches. */
export function urlIn(line: string, file: string): string {
  const [, listening, php] = LISTENS.exec(line)!
  return php === undefined ? listening! : `${php}/${basename(file)}`
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
