import type { Command } from 'commander'
import { examples, runAction } from '../action.ts'
import { listenOn } from '../listening.ts'
import { senderOptions } from '../options/shared-options.ts'
import { createServer } from 'node:http'
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import type { Inbox } from '@postern/core/inbox'
import type { Provider } from '@postern/core/scheme'
import { webhook } from '@postern/node'
import { entriesOf, keeping, type Entry, type KeptDelivery } from '../listen/entry.ts'
import { createExplaining } from '../listen/explaining.ts'
import { createHider } from '../listen/hide.ts'
import { lineOf } from '../listen/line.ts'
import { Failure, type ExitCode, remark, say, sayJson } from '../print/say.ts'
import { portOption, requireOneOf, requireWebUrl } from '../options/checked-options.ts'
import { providerOf, variablesOf, type SenderOptions } from '../sender/sender.ts'
import { whereToAdd } from '../sender/setup.ts'
import { shown } from '../print/terminal.ts'
import { whyNot } from '../sender/why-not.ts'

/** Options of `postern listen`. */
interface ListenOptions extends SenderOptions {
  readonly port: string
  readonly store?: string
  readonly forward?: string
  readonly output?: string
}

const OUTPUTS = ['interactive', 'compact', 'json'] as const

/** The options of `postern listen`. */
export function declare(command: Command): void {
  senderOptions(command)
    .option('--port <number>', 'set the local port; 0 picks any', '3000')
    .option('--store <file>', 'store deliveries in a SQLite inbox')
    .option('--forward <url>', 'forward each verified delivery to this URL')
    .option(
      '--output <how>',
      'choose: interactive, compact, json (default: interactive in a terminal)',
    )
    .addHelpText(
      'after',
      examples('listen github', 'listen stripe --port 4000 --forward http://localhost:3000/stripe'),
    )
    .action(runAction(listenCommand))
}

/** `postern listen`: a receiver for development that shows deliveries. It ends with Ctrl-C. */
export async function listenCommand(name: string, options: ListenOptions): Promise<ExitCode> {
  const terminal = process.stdin.isTTY && process.stdout.isTTY
  const output = options.output ?? (terminal ? 'interactive' : 'compact')
  requireOneOf('--output', output, OUTPUTS)
  if (output === 'interactive' && !terminal)
    throw new Failure(2, '--output interactive needs a terminal; give compact or json')
  const { forward } = options
  if (forward !== undefined) requireWebUrl('--forward', forward)
  const port = portOption(options.port)
  const { provider, about, secrets } = await providerOf(name, options)
  const inbox = options.store === undefined ? memoryInbox() : await stored(options.store)
  // In development, the body of a request is read though its headers reject it.
  process.env['NODE_ENV'] ??= 'development'
  const receiver = createReceiver({
    provider: keeping(provider),
    inbox,
    log: false,
    storage: { rejectedBodies: false },
  }) as Receiver
  receiver.onAny({ name: 'listen' }, () => undefined)
  const server = createServer(webhook(receiver))
  const forwarder = forward === undefined ? undefined : createForwarder(forward)
  try {
    const bound = await listenOn(server, port)
    const where = `http://127.0.0.1:${bound}/`
    if (output === 'interactive') {
      const { createScreen } = await import('../listen/screen.ts')
      let draw = (): void => undefined
      const explaining = createExplaining(provider, () => draw())
      const entries = entriesOf(receiver, (entry) => {
        draw()
        explaining.offer(entry)
        handOn(forwarder, entry, () => draw())
      })
      const again = forwarder && ((entry: Entry) => forwarder.send(entry.delivery!))
      const hide = createHider(provider, secrets, variablesOf(about)[0]!)
      const screen = createScreen({
        name,
        about,
        entries,
        hide,
        where,
        explain: (entry) => explaining.now(entry),
        again,
      })
      draw = () => screen.draw()
      try {
        await Promise.race([screen.left, signal()])
      } finally {
        screen.close()
      }
    } else {
      print(receiver, provider, forwarder, name, output === 'json')
      remark(`listening for ${about.title} at ${where} · Ctrl-C ends`)
      remark(`try: postern send ${name} --to ${where}`)
      remark(`or add a public URL that leads there at ${whereToAdd(about)}`)
      await signal()
    }
  } finally {
    forwarder?.close()
    server.close()
    server.closeAllConnections()
    await receiver.close()
    await inbox.close()
  }
  return 0
}

function print(
  receiver: Receiver,
  provider: Provider,
  forwarder: Forwarder | undefined,
  name: string,
  json: boolean,
): void {
  const explaining = createExplaining(
    provider,
    ({ at, explanation }) => {
      const { findings } = explanation!
      if (json) return sayJson({ at, findings })
      for (const { cause, certainty, message } of findings.slice(0, 3))
        say(`          ${certainty}: ${cause} (${shown(message, 200)})`)
    },
    !json,
  )
  entriesOf(receiver, (entry) => {
    const { at, status, took, outcome, code, reason, events } = entry
    const plain = { at, status, took: Math.round(took), outcome, code, reason, events }
    if (json) sayJson(plain)
    else say(lineOf(entry, name))
    explaining.offer(entry)
    handOn(forwarder, entry, ({ forwarded }) =>
      json ? sayJson({ at, forwarded }) : say(`          → ${shown(forwarded!)}`),
    )
  })
}

/** Hands on what was accepted, and tells how the target answered. */
function handOn(
  forwarder: Forwarder | undefined,
  entry: Entry,
  answered: (entry: Entry) => void,
): void {
  if (!forwarder || entry.outcome !== 'accepted' || !entry.delivery) return
  void forwarder.send(entry.delivery).then((answer) => {
    entry.forwarded = answer
    answered(entry)
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

const DROPPED = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'expect',
  'keep-alive',
])
const LONGEST = 30_000

/** Hands deliveries on as they came. */
interface Forwarder {
  /** Resolves with how the target answered, for people. It does not reject. */
  send(delivery: KeptDelivery): Promise<string>
  /** Aborts the requests that still run. */
  close(): void
}

/** Makes a {@link Forwarder}. The bytes and headers stay as they came, so that the target can verify them. */
function createForwarder(to: string): Forwarder {
  const closing = new AbortController()
  const { host } = new URL(to)
  return {
    async send(delivery) {
      const { method, body } = delivery
      const headers = delivery.headers.filter(([name]) => !DROPPED.has(name)) as [string, string][]
      const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(LONGEST)])
      const empty = method === 'GET' || method === 'HEAD'
      const init = { method, headers, redirect: 'manual', signal } as const
      try {
        const reply = await fetch(to, { ...init, ...(!empty && { body: body as BodyInit }) })
        await reply.body?.cancel()
        return `${host} answered ${reply.status}`
      } catch (error) {
        return `${host} did not answer: ${whyNot(error)}`
      }
    },
    close: () => closing.abort(),
  }
}
