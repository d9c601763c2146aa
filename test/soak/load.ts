import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { acme } from '../../packages/testing/src/acme.ts'

/** Secret of the deliveries. */
export const SECRET = 'a secret of the soak runs'

/** What an app holds at a moment. Bytes, and counts since its start. */
export interface Sample {
  /** After a garbage collection. */
  readonly heap: number
  readonly outside: number
  readonly resident: number
  /** Timers, servers and other handles, without connections. */
  readonly handles: number
  readonly files: number
  readonly store: number
  /** Tasks that are pending or running. */
  readonly open: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: number
  readonly done: number
  readonly dead: number
}

/** What a load has sent. */
export interface Load {
  /** Distinct events that got a 2xx. */
  readonly acknowledged: () => number
  /** Deliveries in all. */
  readonly sent: () => number
  /** Replies of 5xx, and connections that broke. */
  readonly failed: () => number
  stop(): Promise<void>
}

const provider = acme({ secret: SECRET })
const CONNECTIONS = 8

/** Sends so many deliveries a second: one in 20 a second time, one in 20 unsigned, one in 50 of 64 KiB. */
export function startLoad(url: string, rate: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const counts = { made: 0, acknowledged: 0, sent: 0, failed: 0 }
  // The sender may remember what the app must forget.
  const known = new Set<number>()
  let stopped = false
  const loops = Array.from({ length: CONNECTIONS }, loop)
  return {
    acknowledged: () => counts.acknowledged,
    sent: () => counts.sent,
    failed: () => counts.failed,
    async stop() {
      stopped = true
      await Promise.all(loops)
      agent.destroy()
    },
  }

  async function loop(): Promise<void> {
    while (!stopped) {
      const next = performance.now() + (1000 * CONNECTIONS) / rate
      const number = ++counts.made
      if (number % 20 === 7) await send(number, false)
      else {
        // Again until it is taken, as senders do.
        while (!(await send(number, true)) && !stopped) await sleep(100)
        if (number % 20 === 3) await send(number, true)
      }
      await sleep(Math.max(0, next - performance.now()))
    }
  }

  async function send(number: number, signed: boolean): Promise<boolean> {
    const text = 'x'.repeat(number % 50 === 0 ? 65_536 : 300)
    const made = provider.sign!({
      id: `e${number}`,
      topic: 'thing.happened',
      payload: { number, tenant: number % 50, text },
    })
    const headers = { ...made.headers, ...(!signed && { 'x-acme-signature': 'sha256=00' }) }
    counts.sent++
    const status = await post(url, headers, made.body, agent)
    if (status === undefined || status >= 500) counts.failed++
    const taken = status !== undefined && status < 300
    if (taken && !known.has(number)) {
      known.add(number)
      counts.acknowledged++
    }
    return taken
  }
}

function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  agent: Agent,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sending = request(
      url,
      {
        method: 'POST',
        agent,
        headers: { ...headers, 'content-length': body.length },
        timeout: 30_000,
      },
      (reply) => {
        reply.resume()
        reply.once('close', () => resolve(reply.statusCode))
      },
    )
    sending.once('error', () => resolve(undefined))
    sending.once('timeout', () => sending.destroy())
    sending.end(body)
  })
}
