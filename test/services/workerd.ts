import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rolldown } from 'rolldown'

/** Worker for workerd, with one Durable Object class `Webhooks`. */
export interface WorkerSettings {
  /** Folder of the Worker's files and the objects' storage. The next process reuses it. */
  readonly folder: string
  readonly code: string
  /** Strings for the Worker's `env`. */
  readonly texts?: Readonly<Record<string, string>>
  /** Environment variables for workerd itself. */
  readonly environment?: Readonly<Record<string, string>>
  /** Services for the Worker's `env`, by the port of an HTTP server on 127.0.0.1. */
  readonly services?: Readonly<Record<string, number>>
}

export interface Workerd {
  readonly url: string
  readonly pid: number
  /** Returns workerd's standard error so far. */
  errors(): string
  /** Resolves with the first match in a printed line, printed before or after this call. */
  printed(pattern: RegExp): Promise<string>
  /** Kills workerd and waits until it has ended. */
  kill(): Promise<void>
}

// Resolves packages as @postern/cloudflare does, which depends on workerd.
const own = createRequire(new URL('../../packages/cloudflare/package.json', import.meta.url))
const COMPATIBILITY = '2026-11-01'

/** Bundles a Worker, except for the runtime's own modules. */
export async function bundleWorker(entry: string): Promise<string> {
  const build = await rolldown({
    input: entry,
    platform: 'neutral',
    external: /^(node|cloudflare):/,
    resolve: { mainFields: ['module', 'main'] },
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}

/** Starts workerd and waits for its port. Rejects with its standard error if it ends before. */
export function startWorkerd(settings: WorkerSettings): Promise<Workerd> {
  const { promise, resolve, reject } = Promise.withResolvers<Workerd>()
  mkdirSync(join(settings.folder, 'objects'), { recursive: true })
  const config = join(settings.folder, 'worker.capnp')
  writeFileSync(join(settings.folder, 'worker.js'), settings.code)
  writeFileSync(config, configOf(settings))
  const { default: program } = own('workerd') as { readonly default: string }
  const child = spawn(program, ['serve', '--experimental', '--control-fd=1', config], {
    env: { ...process.env, ...settings.environment },
  })
  const closed = new Promise<void>((done) => child.on('close', () => done()))
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.on('error', reject)
  child.on('close', (code) => reject(new Error(`workerd ended with ${code}: ${errors}`)))
  const lines = createInterface(child.stdout)
  const printed: string[] = []
  lines.on('line', (line) => {
    if (!line.startsWith('{"event"')) return void printed.push(line)
    const { port } = JSON.parse(line) as { readonly port?: number }
    if (port === undefined) return
    resolve({
      url: `http://127.0.0.1:${port}`,
      pid: child.pid!,
      errors: () => errors,
      async printed(pattern) {
        const found = (): string | undefined =>
          printed.map((line) => pattern.exec(line)?.[0]).find((one) => one !== undefined)
        while (found() === undefined) await once(lines, 'line')
        return found()!
      },
      kill() {
        child.kill('SIGKILL')
        return closed
      },
    })
  })
  return promise
}

/** Returns the database file of the object, or undefined if none exists. No process may have the file open. */
export function objectFile(folder: string): string | undefined {
  const objects = join(folder, 'objects', 'webhooks')
  const file = readdirSync(objects).find(
    (name) => name.endsWith('.sqlite') && name !== 'metadata.sqlite',
  )
  return file && join(objects, file)
}

function configOf({ folder, texts = {}, services = {} }: WorkerSettings): string {
  const bindings = [
    '(name = "WEBHOOKS", durableObjectNamespace = "Webhooks")',
    ...Object.entries(texts).map(
      ([name, text]) => `(name = "${name}", text = ${JSON.stringify(text)})`,
    ),
    ...Object.keys(services).map((name) => `(name = "${name}", service = "${name}")`),
  ]
  const externals = Object.entries(services).map(
    ([name, port]) => `(name = "${name}", external = (address = "127.0.0.1:${port}", http = ()))`,
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "disk", disk = (path = ${JSON.stringify(join(folder, 'objects'))}, writable = true)),
    ${externals.map((one) => `${one},`).join('\n    ')}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${COMPATIBILITY}",
  durableObjectNamespaces = [(className = "Webhooks", uniqueKey = "webhooks", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bindings.join(', ')}],
);
`
}
