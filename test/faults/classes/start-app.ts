import { fileURLToPath } from 'node:url'
import { launch } from '../launch.ts'
import type { App, AppOptions } from './class.ts'

const program = fileURLToPath(new URL('app.ts', import.meta.url))
const clock = new URL('clock.ts', import.meta.url).href

/** Starts an app. Calls `hear` with each line of its output. */
export async function startApp(
  options: AppOptions,
  flags: readonly string[],
  hear: (line: string) => void,
): Promise<App> {
  const { child, ended, url } = await launch(
    ['--no-warnings', ...flags, '--import', clock, program, JSON.stringify(options)],
    hear,
  )
  return {
    url: new URL(url!).origin,
    pid: child.pid!,
    ended,
    kill: (signal) => void child.kill(signal),
    step: (by) => void child.send({ clock: by }),
  }
}
