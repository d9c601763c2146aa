import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { rolldown } from 'rolldown'

/** Worker with one class of Durable Objects, `Webhooks`, for workerd. */
export interface WorkerSettings {
  /** Folder of its files and the storage of its objects, which the next process reuses. */
  readonly folder: string
  readonly code: string
  /** Strings in `env`. */
  readonly texts?: Readonly<Record<string, string>>
  /** Additional environment variables of workerd itself. */
  readonly environment?: Readonly<Record<string, string>>
  /** Services in `env`: HTTP servers on these ports of 127.0.0.1. */
  readonly services?: Readonly<Record<string, number>>
}

export interface Workerd {
  readonly url: string
  readonly pid: number
  /** Returns its standard error. */
  errors(): string
  /** Returns the first match in a printed line, past or future. */
  printed(pattern: RegExp): Promise<string>
  /** Kills it and waits until it is gone. */
  kill(): Promise<void>
}

// Path of workerd, resolved from @postern/cloudflare, which depends on it.
const own = createRequire(new URL('../../packages/cloudflare/package.json', import.meta.url))
const COMPATIBILITY = '2026-11-01'

/** Bundles a Worker as its tools do: everything except the runtime's modules. */
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

/** Returns the database file of the object in a folder, while no process has it; undefined before there is one. */
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
