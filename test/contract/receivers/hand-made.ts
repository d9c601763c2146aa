// Hand-written receiver on node:http and SQLite, without Postern. Each flawed receiver in this folder replaces one
// part.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createSteps, type HandlerSteps } from '@postern/testing/steps'
import { Webhook } from 'standardwebhooks'
import { openStore, type HandEvent, type HandStore } from './store.ts'

export interface Hand {
  readonly store: HandStore
  readonly steps: HandlerSteps
  readonly secret: string
  readonly handle: (event: HandEvent) => Promise<void>
}

/** Parts that a flaw can replace. */
export interface Parts {
  readonly verify: (secret: string, body: string, headers: Record<string, string>) => unknown
  /** Accepts an event. Call `acknowledge` to reply with 200, or throw to reply with 500. */
  readonly receive: (hand: Hand, event: HandEvent, acknowledge: () => void) => void | Promise<void>
  readonly run: (hand: Hand, event: HandEvent) => Promise<void>
  readonly rejected: (hand: Hand, error: Error, headers: IncomingHttpHeaders) => void
}

const SOUND: Parts = {
  verify: (secret, body, headers) => new Webhook(secret).verify(body, headers),
  receive({ store, handle }, event, acknowledge) {
    const isNew = store.take(event)
    acknowledge()
    if (isNew) void handle(event)
  },
  async run({ store, steps }, { id }) {
    await steps.before()
    store.transaction(() => {
      if (store.finish(id)) store.effect(id)
    })
    await steps.after()
  },
  rejected: (_, error) => console.log('rejected:', error.message),
}

const LARGEST = 8 * 1024 * 1024
const RETRY = 20

export function serve(flaw: Partial<Parts> = {}): void {
  const parts = { ...SOUND, ...flaw }
  const hand: Hand = {
    store: openStore(process.env['FOLDER']!),
    steps: createSteps(process.env['FOLDER']!),
    secret: process.env['SECRET']!,
    handle,
  }
  for (const event of hand.store.pending()) void handle(event)
  const server = createServer((request, response) => {
    const reply = (status: number): void => void response.writeHead(status).end()
    if (request.url !== '/hooks') return reply(404)
    const chunks: Uint8Array[] = []
    let bytes = 0
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.byteLength
      if (bytes <= LARGEST) chunks.push(chunk)
    })
    request.on('end', () => {
      if (bytes > LARGEST) return reply(413)
      const body = Buffer.concat(chunks).toString()
      const headers = request.headers as Record<string, string>
      let payload: { readonly timestamp?: string }
      try {
        parts.verify(hand.secret, body, headers)
        payload = JSON.parse(body) as typeof payload
      } catch (error) {
        parts.rejected(hand, error as Error, request.headers)
        return reply(401)
      }
      const event: HandEvent = { id: headers['webhook-id']!, timestamp: payload.timestamp }
      void Promise.resolve(parts.receive(hand, event, () => reply(200))).catch(() => reply(500))
    })
  })
  server.listen(0, '127.0.0.1', () =>
    console.log(`listening ${(server.address() as AddressInfo).port}`),
  )
  process.once('SIGTERM', () => process.exit())

  async function handle(event: HandEvent): Promise<void> {
    for (;;) {
      try {
        return await parts.run(hand, event)
      } catch {
        await sleep(RETRY)
      }
    }
  }
}
