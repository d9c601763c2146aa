import { execFile } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { setTimeout as wait } from 'node:timers/promises'
import { readStart } from '@postern/core/internal'
import type { ProcessLife } from '@postern/testing/audit'
import { isOpen } from '../listening.ts'
import { requireWebUrl } from '../options/checked-options.ts'
import { Failure } from '../print/say.ts'
import { whyNot } from '../sender/why-not.ts'

const run = promisify(execFile)
// Limits of a program or URL that returns one number: output in bytes, and time in milliseconds.
const MOST = 1024
const PATIENCE = 5000

/** Parses an option that lists a program and its arguments as JSON. The program runs without a shell. */
function argvOption(name: string, text: string): readonly [string, ...string[]] {
  let argv: unknown
  try {
    argv = JSON.parse(text)
  } catch {}
  if (!Array.isArray(argv) || argv.length === 0 || !argv.every((one) => typeof one === 'string'))
    throw new Failure(
      2,
      `${name} must be a JSON list of a program and its arguments, as in '["sqlite3","app.db","SELECT count(*) FROM orders"]', got ${text}`,
    )
  return argv as [string, ...string[]]
}

/**
 * Returns a function that reads how often the handler's effect happened, from a URL or from the output of a program.
 * Returns undefined if neither option is given.
 */
export function observerOf(options: {
  readonly effectUrl?: string
  readonly effect?: string
}): (() => Promise<number>) | undefined {
  const { effectUrl, effect } = options
  if (effectUrl !== undefined && effect !== undefined)
    throw new Failure(2, 'give --effect-url or --effect, not both')
  if (effectUrl !== undefined) {
    requireWebUrl('--effect-url', effectUrl)
    return () => fromUrl(effectUrl)
  }
  if (effect === undefined) return undefined
  const [program, ...args] = argvOption('--effect', effect)
  return async () => {
    try {
      const { stdout } = await run(program, args, { timeout: PATIENCE, maxBuffer: MOST })
      return numberOf('--effect', stdout)
    } catch (error) {
      if (error instanceof Failure) throw error
      throw new Failure(3, `--effect: ${program} failed: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
}

async function fromUrl(url: string): Promise<number> {
  let text: string
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(PATIENCE) })
    text = new TextDecoder().decode(await readStart(response.body, MOST))
  } catch (error) {
    throw new Failure(3, `--effect-url: ${url} did not answer: ${whyNot(error)}`, { cause: error })
  }
  return numberOf('--effect-url', text)
}

function numberOf(name: string, text: string): number {
  if (!/^\s*\d{1,15}\s*$/.test(text))
    throw new Failure(
      3,
      `${name} must return one number and nothing else, got ${text.slice(0, 80)}`,
    )
  return Number(text)
}

/** Returns a function that runs the program of `--restart` and waits until the receiver listens again. */
export function restarter(text: string, url: string): () => Promise<void> {
  const [program, ...args] = argvOption('--restart', text)
  return async () => {
    await run(program, args, { timeout: 30_000, maxBuffer: 64 * MOST }).catch((error: unknown) => {
      throw new Failure(3, `--restart: ${program} failed: ${(error as Error).message}`, {
        cause: error,
      })
    })
    if (!(await comesBack(url, 100)))
      throw new Failure(3, `--restart: nothing listens at ${new URL(url).origin} 10 s after it`)
  }
}

/**
 * Returns `alive`, which checks whether a server listens at the URL, and `revive`, which brings the server back.
 * `revive` calls `restart`. Without `restart`, `revive` waits up to 2 s until the server is back.
 */
export function lifeOf(url: string, restart: (() => Promise<void>) | undefined): ProcessLife {
  return {
    alive: () => isOpen(new URL(url)),
    async revive() {
      if (restart) {
        await restart()
        return true
      }
      // A supervisor may restart the server.
      return comesBack(url, 20)
    },
  }
}

async function comesBack(url: string, times: number): Promise<boolean> {
  for (let left = times; left > 0; left--) {
    if (await isOpen(new URL(url))) return true
    await wait(100)
  }
  return false
}

const MOST_LOG = 16 * 1024 * 1024

/** Returns a function that reads the text appended to a file since this call. */
export function logSince(path: string): () => string {
  const from = sizeOf(path)
  return () => {
    const length = Math.min(Math.max(0, sizeOf(path) - from), MOST_LOG)
    const file = openSync(path, 'r')
    try {
      const bytes = Buffer.alloc(length)
      const read = readSync(file, bytes, 0, length, from)
      return bytes.subarray(0, read).toString('utf8')
    } finally {
      closeSync(file)
    }
  }
}

function sizeOf(path: string): number {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new TypeError('no regular file')
    return found.size
  } catch (error) {
    throw new Failure(2, `--log: ${path} cannot be read; give the file that the receiver logs to`, {
      cause: error,
    })
  }
}

/** Returns a function that measures the memory of a process, in bytes. */
export function memoryOf(pid: number): () => Promise<number> {
  return async () => {
    try {
      if (process.platform === 'linux')
        return (
          1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
        )
      const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)])
      return 1024 * Number(stdout)
    } catch {
      // The process has probably ended. The caller reports that.
      return Number.NaN
    }
  }
}
