import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

/** A sender as providers are: it delivers again whatever got no 2xx, until it does. */
export interface Sender {
  /** Ids that got a 2xx. */
  readonly acknowledged: ReadonlySet<string>
  /** Deliveries that wait for their reply. */
  readonly underway: number
  /** Deliveries in all, and those that got no 2xx. */
  readonly counts: {
    readonly sent: number
    readonly rejected: number
    /** Deliveries whose connection was taken and broke, or that got no 2xx. */
    readonly lost: number
  }
  /** Why they were lost: a status, or the code of an error, and how often. */
  readonly because: ReadonlyMap<string, number>
  /** Makes no new events, and delivers none again. */
  stop(): void
  /** Makes no new events; resolves when all that were made are acknowledged. */
  finish(): Promise<void>
}

/** What the sender needs to know. */
export interface SenderOptions {
  /** Where to deliver, asked each time: the port changes with each restart. Undefined while nothing listens. */
  readonly url: () => string | undefined
  /** Makes the delivery of an event. */
  readonly compose: (id: string) => {
    readonly headers: Record<string, string>
    readonly body: string
  }
  /** Deliveries at once. */
  readonly concurrency: number
  /** How often an event that was acknowledged is delivered once more all the same, as some providers do. */
  readonly again: number
  /** How often an event is delivered twice at once, as by a sender whose first connection seems to hang. @default 0 */
  readonly atOnce?: number
  /** Told when nothing takes the connection any more. */
  readonly ended?: () => void
}

/** Starts to send. */
export function startSender(options: SenderOptions): Sender {
  const acknowledged = new Set<string>()
  const counts = { sent: 0, rejected: 0, lost: 0 }
  const because = new Map<string, number>()
  const agent = new Agent({ keepAlive: true, maxSockets: options.concurrency })
  let underway = 0
  let made = 0
  let finishing = false
  let stopped = false
  const loops = Array.from({ length: options.concurrency }, loop)
  return {
    acknowledged,
    get underway() {
      return underway
    },
    counts,
    because,
    stop() {
      stopped = true
      agent.destroy()
    },
    async finish() {
      finishing = true
      await Promise.all(loops)
      agent.destroy()
    },
  }

  async function loop(): Promise<void> {
    while (!finishing && !stopped) {
      const id = `e${++made}`
      const times = Math.random() < options.again ? 2 : 1
      const both = Math.random() < (options.atOnce ?? 0)
      await Promise.all(Array.from({ length: both ? 2 : 1 }, () => until(id, times)))
    }
  }

  /** Delivers an event until it was taken that many times. */
  async function until(id: string, times: number): Promise<void> {
    while (times > 0 && !stopped)
      if (await deliver(id)) times--
      else await sleep(5 + Math.random() * 20)
  }

  async function deliver(id: string): Promise<boolean> {
    const url = options.url()
    if (url === undefined) return false
    counts.sent++
    underway++
    const status = await post(url, options.compose(id), agent)
    underway--
    if (status === 'ECONNREFUSED') {
      options.ended?.()
      return false
    }
    const taken = typeof status === 'number' && status >= 200 && status < 300
    if (!taken && !stopped) {
      counts.lost++
      because.set(String(status), (because.get(String(status)) ?? 0) + 1)
    }
    if (taken) acknowledged.add(id)
    else counts.rejected++
    return taken
  }
}

// As long as the deadline of the inboxes here: a machine under load may take seconds to install what an inbox stores in.
const TIMEOUT = 30_000

/** The status of the reply; or why there is none: the code of an error, `ECONNREFUSED` if nothing listens. */
function post(
  url: string,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: string },
  agent: Agent,
): Promise<number | string> {
  return new Promise((resolve) => {
    const sending = request(url, { method: 'POST', agent, headers, timeout: TIMEOUT }, (reply) => {
      reply.resume()
      reply.once('close', () => resolve(reply.complete ? reply.statusCode! : 'cut off'))
    })
    sending.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message))
    sending.once('timeout', () => sending.destroy(new Error('timeout')))
    sending.end(body)
  })
}
