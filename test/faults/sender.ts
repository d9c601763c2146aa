import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { post, type SentEvent } from './requests.ts'

/** Sender that delivers each event until it gets a 2xx, as providers do. */
export interface Sender {
  readonly acknowledged: ReadonlySet<string>
  /** Number of deliveries that still wait for a reply. */
  readonly underway: number
  /** Number of all deliveries. `rejected` counts those that got another status than 2xx. */
  readonly counts: {
    readonly sent: number
    readonly rejected: number
    /** Deliveries whose connection broke, or that got no 2xx. */
    readonly lost: number
  }
  /** Reasons of lost deliveries (status or error code), with their count. */
  readonly because: ReadonlyMap<string, number>
  /** Stops new events and redeliveries. */
  stop(): void
  /** Stops new events, and waits until all events are acknowledged. */
  finish(): Promise<void>
}

export interface SenderOptions {
  /** Returns the current URL, because each restart changes the port. Returns undefined while the server is down. */
  readonly url: () => string | undefined
  readonly event: (id: string) => SentEvent
  readonly concurrency: number
  /** Pause between two events of the same parallel delivery loop, in milliseconds. @default 0 */
  readonly pause?: number
  /** Share of acknowledged events that are delivered once more, as some providers do. */
  readonly again: number
  /** Share of events that are delivered twice in parallel, as if the first connection hung. @default 0 */
  readonly atOnce?: number
  /** Called when the server no longer accepts connections. */
  readonly ended?: () => void
}

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
      if (options.pause !== undefined) await sleep(options.pause)
      const id = `e${++made}`
      const times = Math.random() < options.again ? 2 : 1
      const both = Math.random() < (options.atOnce ?? 0)
      await Promise.all(Array.from({ length: both ? 2 : 1 }, () => until(id, times)))
    }
  }

  /** Delivers an event until it was accepted this many times. */
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
    const status = await post(url, options.event(id), agent)
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
