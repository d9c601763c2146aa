import { startProcess } from '../services/process.ts'
import { commandOf, LISTENS, urlIn } from './runtimes.ts'

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
  const { line, ended, kill } = await startProcess(program, args, { ready: LISTENS, env })
  return { url: urlIn(line, path), ended, stop: () => kill('SIGKILL') }
}
