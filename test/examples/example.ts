import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SignableRequest } from '@postern/core/scheme'

/** A process whose output is followed. */
export interface Output {
  /** What it has printed so far. */
  readonly lines: readonly string[]
  /** Resolves with the first line, printed already or yet to come, that holds the text or matches. */
  line(wanted: string | RegExp): Promise<string>
  stop(): Promise<void>
  /** Sends SIGTERM, as a deploy does; resolves with the exit code, or null if the signal ended it. */
  end(): Promise<number | null>
}

/** An example that runs in a process of its own, as a reader would start it. */
export interface Example extends Output {
  readonly port: number
}

/** Starts `examples/<folder>/server.ts` on a free port. */
export async function startExample(
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<Example> {
  const cwd = fileURLToPath(new URL(`../../examples/${folder}/`, import.meta.url))
  return watch(
    spawn(process.execPath, ['server.ts'], {
      cwd,
      env: { ...process.env, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
    /port: (\d+)/,
  )
}

/** Follows the output of a process that listens, and says so in a line that the pattern finds the port in. */
export async function watch(child: ReturnType<typeof spawn>, pattern: RegExp): Promise<Example> {
  const output = follow(child)
  return { ...output, port: Number(pattern.exec(await output.line(pattern))![1]) }
}

/** Follows the output of a process. */
export function follow(child: ReturnType<typeof spawn>): Output {
  const lines: string[] = []
  const waiting = new Set<() => void>()
  let ended = false
  const exit = once(child, 'exit').then(() => {
    ended = true
    for (const check of waiting) check()
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
      await exit
      return child.exitCode
    },
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
    headers: { ...headers },
    ...(method !== 'GET' && { body: Uint8Array.from(body) }),
  })
}
