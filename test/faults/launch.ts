import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { COMPILED } from '../services/compiled.ts'

/** Process to kill, which has printed that it is ready. */
export interface Launched {
  readonly child: ChildProcess
  /** URL for deliveries. Undefined if the process only runs tasks. */
  readonly url: string | undefined
  readonly ended: Promise<unknown>
  /** Returns the last number that the process printed after `word`, or NaN. */
  told(word: string): number
}

/**
 * Starts a program and waits until it prints `ready <port>`. Throws if the program ends before. The program ends with
 * this process. With `hear`, the other lines go to `hear`, and the program can get messages.
 */
export async function launch(
  program: readonly string[],
  hear?: (line: string) => void,
): Promise<Launched> {
  const child = spawn(process.execPath, [...program], {
    stdio: hear ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'inherit'],
    // Uses the compile cache, which makes each start three times as fast. The tests start hundreds of processes.
    env: { ...process.env, ...COMPILED },
  })
  const orphaned = (): boolean => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const ended = once(child, 'close').finally(() => process.off('exit', orphaned))
  const said = new Map<string, number>()
  if (hear) createInterface(child.stderr!).on('line', hear)
  const port = await new Promise<string | undefined>((resolve) => {
    createInterface(child.stdout!).on('line', (line) => {
      const [, word, number] = /^(\w+) (\d+)$/.exec(line) ?? []
      if (word !== 'ready') hear?.(line)
      if (word === undefined) return
      said.set(word, Number(number))
      if (word === 'ready') resolve(number)
    })
    void ended.then(() => resolve(undefined))
  })
  if (port === undefined) throw new Error(`${program.join(' ')} ended before it was ready`)
  return {
    child,
    ended,
    url: port === '0' ? undefined : `http://127.0.0.1:${port}/hooks`,
    told: (word) => said.get(word) ?? NaN,
  }
}
