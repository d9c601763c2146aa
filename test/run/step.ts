import { spawn } from 'node:child_process'
import { root } from './report.ts'

/** Exit code of a program, and its output on both streams. */
export interface Ended {
  readonly code: number
  readonly output: string
}

/** Options of {@link run}. */
export interface RunOptions {
  /** Working directory. @default the repository */
  readonly cwd?: string
  /** Variables added to the environment; undefined removes one. @default none */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Show the output as it comes, instead of keeping it for the caller. @default false */
  readonly show?: boolean
  /** Ends the program when this signal aborts. @default none */
  readonly signal?: AbortSignal
}

/** Runs a program and waits for its end. If the program cannot be started, the code is 127. Does not throw. */
export function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  const child = spawn(program, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, ...options.env },
    stdio: options.show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    // On Windows, npm, npx and the programs in node_modules/.bin need a shell.
    shell: process.platform === 'win32' && !program.includes('\\'),
  })
  options.signal?.addEventListener('abort', () => child.kill(), { once: true })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.on('error', (error) => resolve({ code: 127, output: error.message }))
  child.on('close', (code) => resolve({ code: code ?? 1, output }))
  return promise
}
