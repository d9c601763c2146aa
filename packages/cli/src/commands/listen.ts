import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createReceiver,
  memoryInbox,
  type DeliveryInit,
  type Receiver,
  type RequestInfo,
} from '@postern/core'
import type { Explanation } from '@postern/core/explain'
import { webhook } from '@postern/node'
import { Failure, remark, say, type ExitCode } from '../outcome.ts'
import { providerOf, type SenderOptions } from '../sender.ts'
import { lasting, shortId, shown, styled, timeOf } from '../style.ts'

/** Options of `postern listen`. */
export interface ListenOptions extends SenderOptions {
  readonly port: string
  readonly store?: string
  readonly forward?: string
  readonly output: string
}

/** `postern listen`: a receiver for development that prints what arrives. It ends with Ctrl-C. */
export async function listenCommand(name: string, options: ListenOptions): Promise<ExitCode> {
  if (options.output !== 'compact' && options.output !== 'json')
    throw new Failure(2, `--output must be compact or json, got ${options.output}`)
  if (options.forward !== undefined && !URL.canParse(options.forward))
    throw new Failure(2, `--forward must be a URL, got ${options.forward}`)
  const { provider, about } = await providerOf(name, options)
  const inbox = options.store === undefined ? memoryInbox() : await stored(options.store)
  const receiver = createReceiver({ provider, inbox, log: false, explain: true }) as Receiver
  receiver.onAny({ name: 'listen' }, async (event) => {
    if (options.forward !== undefined) await forward(options.forward, event.delivery)
  })
  print(receiver, name, options.output === 'json')
  const server = createServer(webhook(receiver))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new Failure(3, `--port ${options.port}: ${error.message}`, { cause: error })),
    )
    server.listen(Number(options.port), '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  remark(`listening for ${about.title} at http://127.0.0.1:${port}/ · Ctrl-C ends`)
  remark(`try: postern send ${name} --to http://127.0.0.1:${port}/`)
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  server.close()
  server.closeAllConnections()
  await receiver.close()
  await inbox.close()
  return 0
}

function print(receiver: Receiver, name: string, json: boolean): void {
  receiver.observe({
    answered(request, { outcome, status, took, code, events }) {
      if (json)
        return say(
          JSON.stringify({
            at: request.at,
            outcome,
            status,
            took,
            code,
            events: events.map(({ id, topic }) => ({ id, topic })),
          }),
        )
      const topics = events
        .map(({ topic, id }) => `${shown(topic)}  ${shortId(id ?? '')}`.trimEnd())
        .join(', ')
      const sign = status < 300 ? styled('green', '●') : styled('red', '⊘')
      say(
        `${timeOf(request.at)}  ${sign} ${status}  ${lasting(took)}  ${name}  ${topics || '?'}  ${code ?? (outcome === 'accepted' ? '' : outcome)}`.trimEnd(),
      )
    },
    explained: (request, explanation) => explained(request, explanation, json),
  })
}

function explained(request: RequestInfo, { findings }: Explanation, json: boolean): void {
  if (json) return say(JSON.stringify({ at: request.at, findings }))
  for (const { cause, certainty, message } of findings.slice(0, 3))
    say(`          ${certainty}: ${cause} (${shown(message, 200)})`)
}

async function stored(path: string): Promise<ReturnType<typeof memoryInbox>> {
  const { sqliteInbox } = await import('@postern/sqlite')
  return sqliteInbox({ path })
}

async function forward(
  to: string,
  delivery: Pick<DeliveryInit, 'method' | 'body'> & {
    readonly headers: readonly (readonly [string, string])[]
  },
): Promise<void> {
  const dropped = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect'])
  const headers = delivery.headers.filter(([name]) => !dropped.has(name)) as [string, string][]
  const response = await fetch(to, {
    method: delivery.method ?? 'POST',
    headers,
    body: delivery.body as BodyInit,
    redirect: 'manual',
  })
  if (!response.ok) throw new Error(`${new URL(to).origin} answered ${response.status}`)
}
