// Sender of the shutdown test, in its own thread. Other parts block the main thread for longer than a server keeps idle
// connections open. A request on a closed connection would then count as lost.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { startSender } from './sender.ts'

export interface ShutdownLoad {
  readonly url: string
  readonly run: number
  /** Number of acknowledged deliveries after which the sender posts `busy`. */
  readonly least: number
}

export interface ShutdownSent {
  readonly acknowledged: readonly string[]
  readonly sent: number
  readonly lost: number
  /** Reasons of lost deliveries, with their count. */
  readonly because: readonly (readonly [why: string, count: number])[]
}

const { url, run, least } = workerData as ShutdownLoad
let open = true
const sender = startSender({
  url: () => (open ? url : undefined),
  event: (id) => ({ topic: 'ping', id: `${run}-${id}`, payload: {} }),
  concurrency: 16,
  again: 0,
  // The server no longer listens, so nothing more is sent. A real sender would try another process.
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
