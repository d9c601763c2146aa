import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { commandOf, urlIn } from './runtimes.ts'

export interface StartedReceiver {
  readonly url: string
  readonly ended: Promise<void>
  readonly stop: () => void
}

export async function startReceiver(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StartedReceiver> {
  const [program, ...args] = await commandOf(path)
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const orphaned = (): boolean => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  void ended.then(() => process.off('exit', orphaned))
  const last: string[] = []
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface(stream).on('line', (line) => {
        const url = urlIn(line, path)
        if (url !== undefined) resolve({ url, ended, stop: () => void child.kill('SIGKILL') })
        if (last.push(line) > 20) last.shift()
      })
    child.once('error', reject)
    void ended.then(() => reject(new Error(`${path} ended before it listened: ${last.join('\n')}`)))
  })
}
