import { join } from 'node:path'
import { startProcess } from '../services/process.ts'

/** JavaScript runtime other than Node.js, from its npm package. */
export interface Runtime {
  readonly name: string
  /** Arguments that serve the handler and print the port as a line of JSON. */
  readonly serve: readonly string[]
}

export interface Serving {
  readonly url: string
  stop(): Promise<void>
}

const here = import.meta.dirname

export const runtimes: readonly Runtime[] = [
  { name: 'bun', serve: ['run', 'hosts/bun.ts'] },
  // --no-remote makes sure that Deno downloads nothing: all imports are on disk.
  { name: 'deno', serve: ['run', '--no-remote', '--no-check', '-A', 'hosts/deno.ts'] },
  // workerd writes its port to this file descriptor, which is standard output.
  { name: 'workerd', serve: ['serve', '--control-fd=1', 'hosts/workerd.capnp'] },
]

/** Returns the path of a runtime's program. */
export function program(runtime: Runtime): string {
  return join(here, 'node_modules', '.bin', runtime.name)
}

/** Starts a runtime and waits for its port. Rejects with its output if it ends before. */
export async function serve(runtime: Runtime): Promise<Serving> {
  const { line, kill, ended } = await startProcess(program(runtime), runtime.serve, {
    cwd: here,
    ready: PORT,
  })
  return {
    url: `http://127.0.0.1:${PORT.exec(line)![1]}/`,
    stop() {
      kill('SIGTERM')
      return ended
    },
  }
}

const PORT = /^\{.*"port":(\d+)/
