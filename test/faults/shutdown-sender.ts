// Sender of a shutdown, in its own thread. Other parts block the event loop for longer than a server keeps an idle
// connection, and a request on a closed connection is lost.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { startSender } from './sender.ts'

export interface ShutdownLoad {
  readonly url: string
  readonly run: number
  /** Number of acknowledged deliveries that it reports. */
  readonly least: number
}

export interface ShutdownSent {
  readonly acknowledged: readonly string[]
  readonly sent: number
  readonly lost: number
  /** Reasons of lost deliveries, with counts. */
  readonly because: readonly (readonly [why: string, count: number])[]
}

const { url, run, least } = workerData as ShutdownLoad
let open = true
const sender = startSender({
  url: () => (open ? url : undefined),
  event: (id) => ({ topic: 'ping', id: `${run}-${id}`, payload: {} }),
  concurrency: 16,
  again: 0,
  // Once nothing listens, connections are refused, and a real sender would try elsewhere.
  ended: () => (open = false),
})
const port = parentPort!
const over = once(port, 'message')
while (sender.acknowledged.size < least) await sleep(5)
port.postMessage('busy')
await over
open = false
sender.stop()
port.postMessage({
  acknowledged: [...sender.acknowledged].map((id) => `${run}-${id}`),
  sent: sender.counts.sent,
  lost: sender.counts.lost,
  because: [...sender.because],
} satisfies ShutdownSent)
