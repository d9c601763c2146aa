import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { MountedReceiver } from './mounting.ts'

/** Options of {@link startProgram}. */
export interface ProgramOptions {
  /** The program. @default the Node that runs the suite */
  readonly command?: string
  /** Its arguments: the file of the receiver, at least. */
  readonly args: readonly string[]
  /** Further environment variables: folder and secret, at least. */
  readonly env: Readonly<Record<string, string>>
  /** Finds the port, its first group, in what the program prints once it listens. @default /listening\D*(\d+)/ */
  readonly ready?: RegExp
  /** Path of the webhook route. @default '/' */
  readonly path?: string
}

/**
 * Starts a receiver in a process of its own, for `testReceiver`. It listens on a port of 127.0.0.1 that it prints, ends
 * by SIGTERM, and ends with this process. What it prints is its log.
 *
 * @throws Error with its output, if it ends before it listens.
 * @example
 * const mount = ({ folder, secret }) =>
 *   startProgram({ args: ['server.js'], env: { PORT: '0', FOLDER: folder, WEBHOOK_SECRET: secret }, path: '/hooks' })
 */
export async function startProgram(options: ProgramOptions): Promise<MountedReceiver> {
  const { command = process.execPath, args, env, ready = /listening\D*(\d+)/, path = '/' } = options
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = (): boolean => child.kill('SIGKILL')
  process.once('exit', end)
  const ended = once(child, 'close').finally(() => process.off('exit', end))
  let output = ''
  const port = await new Promise<string>((resolve, reject) => {
    const hear = (part: Buffer): void => {
      output += part.toString()
      const found = ready.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    ended.then(
      () =>
        reject(new Error(`${[command, ...args].join(' ')} ended before it listened: ${output}`)),
      reject,
    )
  })
  return {
    url: `http://127.0.0.1:${port}${path}`,
    stop: () => endBy(child, 'SIGTERM', ended),
    kill: () => endBy(child, 'SIGKILL', ended),
    log: () => output,
  }
}

async function endBy(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL',
  ended: Promise<unknown>,
): Promise<void> {
  child.kill(signal)
  await ended
}
