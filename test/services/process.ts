import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/** Running program that has printed that it is ready. */
export interface Running {
  readonly pid: number
  /** Line that matched `ready`. */
  readonly line: string
  readonly kill: (signal: NodeJS.Signals) => void
  /** Resolves when the program has ended. */
  readonly ended: Promise<void>
}

/**
 * Starts a program and waits until a line of its output matches `ready`. Rejects with its output if it ends before. The
 * program ends when this process exits.
 */
export async function startProcess(
  file: string,
  args: readonly string[],
  options: {
    readonly ready: RegExp
    readonly user?: { uid: number; gid: number } | undefined
    readonly cwd?: string
    readonly env?: Readonly<Record<string, string | undefined>>
  },
): Promise<Running> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
    cwd: options.cwd,
    ...options.user,
  })
  const orphaned = (): boolean => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void ended.then(() => process.off('exit', orphaned))
  const line = await untilReady(child, options.ready)
  return { pid: child.pid!, line, kill: (signal) => void child.kill(signal), ended }
}

function untilReady(child: ChildProcess, ready: RegExp): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    // Reads all output, so that a full pipe does not block the program.
    createInterface(stream).on('line', (line) => {
      if (lines.length < 200) lines.push(line)
      if (ready.test(line)) resolve(line)
    })
  }
  child.once('error', reject)
  child.once('close', (code) => {
    reject(new Error(`${child.spawnfile} ended with ${code}:\n${lines.join('\n')}`))
  })
  return promise
}
