import { join } from 'node:path'
import { startChild } from '../child.ts'
import type { Load, LoadResult, ServerUse } from './messages.ts'

/** Subject that runs in its own process. */
export interface RunningServer {
  readonly port: number
  use(): Promise<ServerUse>
  /** Ends the process without a signal, so that it can write a profile. */
  end(): Promise<void>
  stop(): Promise<void>
}

export interface Loader {
  run(load: Load): Promise<LoadResult>
  stop(): Promise<void>
}

/** Starts a server of a subject in this worktree or another one, on the first core if processes can be pinned. */
export async function startServer(
  name: string,
  env: Readonly<Record<string, string>>,
  tree = join(import.meta.dirname, '../../..'),
): Promise<RunningServer> {
  const script = join(tree, 'test/bench/http/server.ts')
  const child = startChild(script, { args: [name], core: 0, env })
  const { port } = (await child.ask()) as { port: number }
  return {
    port,
    use: async () => (await child.ask('cpu')) as ServerUse,
    end: () => child.end(),
    stop: () => child.stop(),
  }
}

/** Starts the load generator on the second core. */
export async function startLoader(): Promise<Loader> {
  const child = startChild(join(import.meta.dirname, 'load.ts'), { core: 1 })
  await child.ask()
  return {
    async run(load) {
      const result = (await child.ask({ ...load })) as LoadResult | { error: string }
      if ('error' in result) throw new Error(result.error)
      return result
    },
    stop: () => child.stop(),
  }
}
