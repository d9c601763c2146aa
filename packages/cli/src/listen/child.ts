import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isOpen } from '../listening.ts'
import { Failure, remark } from '../print/say.ts'

const LEASH = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './leash.ts' : './leash.js', import.meta.url),
)

/** Starts a program that ends when this process ends, even if kill -9 ends this process. */
export function leashed(
  words: readonly string[],
  out: 'inherit' | 'pipe',
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  return spawn(process.execPath, [LEASH, ...words], {
    stdio: ['pipe', out, out],
    env,
    // Gives the program its own process group, so that Ctrl-C in the terminal reaches only this process.
    detached: process.platform !== 'win32',
  })
}

/** Ends a program that `leashed` started, and all processes that the program started. */
export async function endLeashed(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.stdin?.end()
  await exit
}

// Maximum time for the start of an app, in milliseconds.
const APP_START = 60_000

/** Waits until the app listens. Throws if the app ends first. After a minute, prints a warning and returns. */
export async function listens(to: URL, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const until = Date.now() + APP_START
  while (!(await isOpen(to))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Failure(3, 'the app ended before it listened; its output says why')
    if (Date.now() >= until)
      return remark(`nothing listens at ${to.host} yet: deliveries get 503 until it does`)
    await wait(200, undefined, { signal })
  }
}

interface Exit {
  readonly code: number | null
  readonly signal: string | null
}

export async function exitOf(child: ChildProcess): Promise<Exit> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}
