import { join } from 'node:path'
import { startProcess } from '../services/process.ts'

/** A JavaScript runtime that is not Node, as its npm package brings it. */
export interface Runtime {
  readonly name: string
  /** Arguments that serve the handler and print a line of JSON with the port. */
  readonly serve: readonly string[]
}

/** A runtime that listens on loopback. */
export interface Serving {
  readonly url: string
  stop(): Promise<void>
}

const here = import.meta.dirname

/** The runtimes the receiver is run on. */
export const runtimes: readonly Runtime[] = [
  { name: 'bun', serve: ['run', 'hosts/bun.ts'] },
  // Nothing may be fetched while it runs: what it imports is on disk.
  { name: 'deno', serve: ['run', '--no-remote', '--no-check', '-A', 'hosts/deno.ts'] },
  // workerd reports the port it got on the descriptor it is given, here standard output.
  { name: 'workerd', serve: ['serve', '--control-fd=1', 'hosts/workerd.capnp'] },
]

/** The program of a runtime. */
export function program(runtime: Runtime): string {
  return join(here, 'node_modules', '.bin', runtime.name)
}

/** Starts a runtime and waits for its port. Rejects with what it wrote when it ends before that. */
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
