import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { SignableRequest } from '@postern/core'

/** An example that runs in a process of its own, as a reader would start it. */
export interface Example {
  readonly port: number
  /** What it has printed so far. */
  readonly lines: readonly string[]
  /** Resolves with the first line, printed already or yet to come, that holds the text. */
  line(text: string): Promise<string>
  stop(): Promise<void>
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
  const find = (matches: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = lines.find(matches)
        if (found === undefined && !ended) return
        waiting.delete(check)
        if (found === undefined)
          reject(new Error(`the example ended without it:\n${lines.join('\n')}`))
        else resolve(found)
      }
      waiting.add(check)
      check()
    })
  const listening = await find((line) => pattern.test(line))
  return {
    port: Number(pattern.exec(listening)![1]),
    lines,
    line: (text) => find((line) => line.includes(text)),
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
