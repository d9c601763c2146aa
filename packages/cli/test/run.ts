import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { COMPILED } from '../../../test/services/compiled.ts'

export const MAIN: string = fileURLToPath(new URL('../src/main.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /**
   * If false, NO_COLOR is not set.
   * @default true
   */
  readonly isPlain?: boolean
}

/** Runs the command line to its end, without a terminal. */
export async function postern(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = start(args, options)
  child.stdin!.end(options.input ?? '')
  let out = ''
  let err = ''
  child.stdout!.on('data', (text: Buffer) => void (out += String(text)))
  child.stderr!.on('data', (text: Buffer) => void (err += String(text)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, out, err }
}

/** Starts a command that does not end by itself. */
export function start(
  args: readonly string[],
  { cwd, env, isPlain = true }: RunOptions = {},
): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], {
    ...(cwd !== undefined && { cwd }),
    env: {
      PATH: process.env['PATH'],
      ...(isPlain && { NO_COLOR: '1' }),
      ...COMPILED,
      ...env,
    },
  })
}

/** Resolves with the first line of a stream that matches. */
export async function line(
  child: ChildProcess,
  from: 'stdout' | 'stderr',
  pattern: RegExp,
): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)))
    child[from]!.on('data', (more: Buffer) => {
      text += String(more)
      const found = text.split('\n').find((one) => pattern.test(one))
      if (found !== undefined) resolve(found)
    })
  })
}
