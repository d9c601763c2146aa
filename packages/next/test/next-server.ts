import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { longOnly } from '../../../test/services/needs.ts'

const cli = createRequire(import.meta.url).resolve('next/dist/bin/next')

export interface NextServer {
  readonly url: string
  readonly close: () => Promise<void>
}

export async function build(directory: string, env: Record<string, string> = {}): Promise<void> {
  longOnly('next build')
  const child = run(['build'], directory, env)
  const output = collect(child)
  const [code] = (await once(child, 'exit')) as [number | null]
  assert.equal(code, 0, `next build failed:\n${output()}`)
}

/** Starts `next start` or `next dev` on a free port, and waits until it is ready. */
export async function serve(
  mode: 'start' | 'dev',
  directory: string,
  env: Record<string, string>,
): Promise<NextServer> {
  const child = run([mode, '--port', '0', '--hostname', '127.0.0.1'], directory, env)
  const output = collect(child)
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', () => {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(output())
      if (address && /Ready in/.test(output())) resolve(address[0])
    })
    child.on('exit', () => reject(new Error(`next ${mode} ended:\n${output()}`)))
  })
  return {
    url,
    async close() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function run(args: readonly string[], cwd: string, env: Record<string, string>): ChildProcess {
  const environment = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env }
  // vitest sets NODE_ENV to `test`, which Next.js does not support.
  Reflect.deleteProperty(environment, 'NODE_ENV')
  return spawn(process.execPath, [cli, ...args], {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

function collect(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (output += part.toString()))
  return () => output
}
