import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { COMPILED } from '../../services/compiled.ts'
import type { App, AppOptions } from './class.ts'

const program = fileURLToPath(new URL('app.ts', import.meta.url))
const clock = new URL('clock.ts', import.meta.url).href

/** Starts an app; `hear` gets each line of its output. */
export async function startApp(
  options: AppOptions,
  flags: readonly string[],
  hear: (line: string) => void,
): Promise<App> {
  const child = spawn(
    process.execPath,
    ['--no-warnings', ...flags, '--import', clock, program, JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, ...COMPILED } },
  )
  const orphaned = (): boolean => child.kill('SIGKILL')
  process.once('exit', orphaned)
  const ended = once(child, 'close').finally(() => process.off('exit', orphaned))
  createInterface(child.stderr!).on('line', hear)
  const output = createInterface(child.stdout!)
  const port = await new Promise<string>((resolve, reject) => {
    output.on('line', (line) => {
      const ready = /^ready (\d+)$/.exec(line)
      if (ready) resolve(ready[1]!)
      else hear(line)
    })
    void ended.then(() => reject(new Error('the app ended before it was ready')))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    ended,
    kill: (signal) => void child.kill(signal),
    step: (by) => void child.send({ clock: by }),
  }
}
