import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'

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

/** Starts a runtime and waits for its port. Rejects with what it wrote to standard error when it ends before that. */
export function serve(runtime: Runtime): Promise<Serving> {
  const { promise, resolve, reject } = Promise.withResolvers<Serving>()
  const child = spawn(program(runtime), runtime.serve, { cwd: here })
  const closed = new Promise<void>((done) => child.on('close', () => done()))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.on('error', reject)
  child.on('close', (code) => reject(new Error(`${runtime.name} ended with ${code}: ${errors}`)))
  createInterface(child.stdout).on('line', (line) => {
    const port = portIn(line)
    if (port === undefined) return
    resolve({
      url: `http://127.0.0.1:${port}/`,
      stop: () => {
        child.kill()
        return closed
      },
    })
  })
  return promise
}

function portIn(line: string): number | undefined {
  if (!line.startsWith('{')) return undefined
  const { port } = JSON.parse(line) as { readonly port?: number }
  return port
}
