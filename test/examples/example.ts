import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import type { SignableRequest } from '@postern/core/scheme'
import { stripe } from '@postern/providers/stripe'
import { root } from '../run/report.ts'

export interface Output {
  readonly lines: readonly string[]
  /** Resolves with the first line that contains the text or matches the pattern, printed before or after this call. */
  line(wanted: string | RegExp): Promise<string>
  stop(): Promise<void>
  /** Sends SIGTERM, as a deploy does. Resolves with the exit code, or null if the signal ended the process. */
  end(): Promise<number | null>
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>
}

export interface Example extends Output {
  readonly port: number
}

interface Start {
  /** Arguments of Node.js. @default `server.ts` */
  readonly args?: readonly string[]
  /** Pattern of the line that contains the port. @default `port: …` */
  readonly port?: RegExp
}

export function startExample(
  folder: string,
  env: NodeJS.ProcessEnv,
  { args = ['server.ts'], port = /port: (\d+)/ }: Start = {},
): Promise<Example> {
  return watch(spawnIn(`examples/${folder}`, args, { PORT: '0', ...env }), port)
}

/** Starts Node.js in a folder, relative to the repository or absolute. */
export function spawnIn(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ReturnType<typeof spawn> {
  return spawn(process.execPath, args, {
    cwd: resolve(root, folder),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const NEXT = 'node_modules/next/dist/bin/next'
const OF_NEXT = { NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' } as const

export async function buildNext(folder: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const output = follow(spawnIn(`examples/${folder}`, [NEXT, 'build'], { ...OF_NEXT, ...env }))
  const code = await output.ended
  if (code !== 0) throw new Error(output.lines.join('\n'))
}

/** Starts a built Next.js example, or another server program of the example. */
export async function startNext(
  folder: string,
  env: NodeJS.ProcessEnv,
  args = [NEXT, 'start', '--port', '0', '--hostname', '127.0.0.1'],
): Promise<Example> {
  const port = /http:\/\/127\.0\.0\.1:(\d+)/
  const started = await watch(spawnIn(folder, args, { ...OF_NEXT, ...env }), port)
  await started.line('Ready in')
  return started
}

/** Returns a signed Stripe event with this object. */
export function stripeEvent(
  secret: string,
  port: number,
  id: string,
  object: object,
  type = 'invoice.paid',
): SignableRequest {
  const url = `http://localhost:${port}/webhooks/stripe`
  return stripe({ secret }).sign!({ url, payload: { id, object: 'event', type, data: { object } } })
}

/** Records the output of a server process. `pattern` finds the port in a printed line. */
export async function watch(child: ReturnType<typeof spawn>, pattern: RegExp): Promise<Example> {
  const output = follow(child)
  return { ...output, port: Number(pattern.exec(await output.line(pattern))![1]) }
}

export function follow(child: ReturnType<typeof spawn>): Output {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let ended = false
  const exit = once(child, 'exit').then(() => {
    ended = true
    for (const check of waiting) check()
    return child.exitCode
  })
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line)
      for (const check of waiting) check()
    })
  }
  return {
    lines,
    line: (wanted) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          const found = lines.find((line) =>
            typeof wanted === 'string' ? line.includes(wanted) : wanted.test(line),
          )
          if (found === undefined && !ended) return
          waiting.delete(check)
          if (found !== undefined) resolve(found)
          else reject(new Error(`it ended without ${String(wanted)}:\n${lines.join('\n')}`))
        }
        waiting.add(check)
        check()
      }),
    async end() {
      child.kill('SIGTERM')
      return exit
    },
    ended: exit,
    async stop() {
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** Sends a request exactly as it was signed. */
export function send(request: SignableRequest): Promise<Response> {
  const { method, url, headers, body } = request
  return fetch(url, {
    method,
    // A server that closes would wait for a kept-alive connection.
    headers: { ...headers, connection: 'close' },
    ...(method !== 'GET' && { body: Uint8Array.from(body) }),
  })
}
