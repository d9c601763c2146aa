import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import { webhook } from '@postern/node'
import { entriesOf, keeping, type Entry } from '../listen/entry.ts'
import { lineOf } from '../listen/line.ts'
import { Failure, remark, say, type ExitCode } from '../outcome.ts'
import { providerOf, type SenderOptions } from '../sender.ts'
import { whereToAdd } from '../setup.ts'
import { shown } from '../style.ts'

/** Options of `postern listen`. */
export interface ListenOptions extends SenderOptions {
  readonly port: string
  readonly store?: string
  readonly forward?: string
  readonly output?: string
}

const OUTPUTS = ['interactive', 'compact', 'json']

/** `postern listen`: a receiver for development that shows deliveries. It ends with Ctrl-C. */
export async function listenCommand(name: string, options: ListenOptions): Promise<ExitCode> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY
  const output = options.output ?? (terminal ? 'interactive' : 'compact')
  if (!OUTPUTS.includes(output))
    throw new Failure(2, `--output must be one of ${OUTPUTS.join(', ')}, got ${output}`)
  if (output === 'interactive' && !terminal)
    throw new Failure(2, '--output interactive needs a terminal; give compact or json')
  const { forward } = options
  if (forward !== undefined && !URL.canParse(forward))
    throw new Failure(2, `--forward must be a URL, got ${forward}`)
  const { provider, about } = await providerOf(name, options)
  const inbox = options.store === undefined ? memoryInbox() : await stored(options.store)
  const receiver = createReceiver({
    provider: keeping(provider),
    inbox,
    log: false,
    explain: '1s',
  }) as Receiver
  receiver.onAny({ name: 'listen' }, async ({ delivery }) => {
    if (forward !== undefined) await handOn(forward, delivery)
  })
  const server = createServer(webhook(receiver))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Failure(3, `--port ${options.port}: ${error.message}`, { cause: error })),
    )
    server.listen(Number(options.port), '127.0.0.1', resolve)
  })
  const where = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  try {
    if (output === 'interactive') {
      const { createScreen } = await import('../listen/screen.ts')
      let draw = (): void => undefined
      const entries = entriesOf(receiver, () => draw())
      const again = forward === undefined ? undefined : (entry: Entry) => runAgain(forward, entry)
      const screen = createScreen({ name, about, provider, entries, where, again })
      draw = () => screen.draw()
      try {
        await Promise.race([screen.left, signal()])
      } finally {
        screen.close()
      }
    } else {
      print(receiver, name, output === 'json')
      remark(`listening for ${about.title} at ${where} · Ctrl-C ends`)
      remark(`try: postern send ${name} --to ${where}`)
      remark(`or add a public URL that leads there at ${whereToAdd(about)}`)
      await signal()
    }
  } finally {
    server.close()
    server.closeAllConnections()
    await receiver.close()
    await inbox.close()
  }
  return 0
}

function print(receiver: Receiver, name: string, json: boolean): void {
  receiver.observe({
    answered({ at }, { outcome, status, took, code, events }) {
      const entry = {
        at,
        status,
        took,
        outcome,
        code,
        events: events.map(({ id, topic }) => ({ id, topic })),
        explanation: undefined,
      }
      say(json ? JSON.stringify(entry) : lineOf(entry, name))
    },
    explained({ at }, { findings }) {
      if (json) return say(JSON.stringify({ at, findings }))
      for (const { cause, certainty, message } of findings.slice(0, 3))
        say(`          ${certainty}: ${cause} (${shown(message, 200)})`)
    },
  })
}

function signal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}

async function stored(path: string): Promise<Inbox> {
  const { sqliteInbox } = await import('@postern/sqlite')
  return sqliteInbox({ path })
}

interface Forwarded {
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

async function runAgain(to: string, { delivery }: Entry): Promise<string> {
  const { method, body } = delivery!
  await handOn(to, { method, body, headers: [...delivery!.headerLines()] })
  return `handed on to ${new URL(to).origin} again`
}

async function handOn(to: string, { method, headers, body }: Forwarded): Promise<void> {
  const dropped = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect'])
  const kept = headers.filter(([name]) => !dropped.has(name)) as [string, string][]
  const init = { method, headers: kept, body: body as BodyInit, redirect: 'manual' } as const
  const response = await fetch(to, init)
  if (!response.ok) throw new Error(`${new URL(to).origin} answered ${response.status}`)
}
