import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { acme } from '../../packages/testing/src/acme.ts'

export const SECRET = 'a secret of the soak runs'

/** Resource usage of an app at one time. Sizes are in bytes. Counts are since its start. */
export interface Sample {
  /** Heap after a garbage collection. */
  readonly heap: number
  readonly outside: number
  readonly resident: number
  /** Number of timers, servers and other handles, without connections. */
  readonly handles: number
  readonly files: number
  readonly store: number
  /** Number of pending or running tasks. */
  readonly open: number
  readonly accepted: number
  readonly duplicates: number
  readonly rejected: number
  readonly done: number
  readonly dead: number
}

/** Load on an app. */
export interface Load {
  /** Returns the number of distinct events that got a 2xx. */
  readonly acknowledged: () => number
  /** Returns the number of all deliveries. */
  readonly sent: () => number
  /** Returns the number of 5xx replies and broken connections. */
  readonly failed: () => number
  stop(): Promise<void>
}

const provider = acme({ secret: SECRET })
const CONNECTIONS = 8

/**
 * Sends `rate` deliveries per second. One in 20 is repeated, one in 20 has a wrong signature, and one in 50 has a body
 * of 64 KiB.
 */
export function startLoad(url: string, rate: number): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const counts = { made: 0, acknowledged: 0, sent: 0, failed: 0 }
  // The sender keeps all ids, although the app must forget them.
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
        // Repeats the delivery until it is accepted, as providers do.
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
