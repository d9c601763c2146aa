import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { COMPILED } from '../services/compiled.ts'

/** Process to kill, which printed that it is ready. */
export interface Launched {
  readonly child: ChildProcess
  /** URL for deliveries; undefined if it only runs tasks. */
  readonly url: string | undefined
  readonly ended: Promise<unknown>
  /** Returns the last number that it printed after a word; NaN if none. */
  told(word: string): number
}

/**
 * Runs a program that prints `ready <port>`. It ends with this process. Throws if it ends before it is ready. `hear`
 * gets each other line of its output; such a program also gets messages.
 */
export async function launch(
  program: readonly string[],
  hear?: (line: string) => void,
): Promise<Launched> {
  const child = spawn(process.execPath, [...program], {
    stdio: hear ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'inherit'],
    // A start needs a third of the time, which matters for hundreds of starts.
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
