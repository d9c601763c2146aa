// The sender of a shutdown, in a thread of its own: what runs beside it holds the event loop of these runs for longer than
// a server keeps an idle connection, and a request on one that was just closed is lost.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
// By its file: the package brings the suites along.
import { acme } from '../../packages/testing/src/acme.ts'
import { SECRET } from './secrets.ts'
import { startSender } from './sender.ts'

/** What the sender is given. */
export interface ShutdownLoad {
  readonly url: string
  /** Before the ids of its events. */
  readonly run: number
  /** It tells when this number of deliveries is acknowledged. */
  readonly least: number
}

/** What came of it. */
export interface ShutdownSent {
  readonly acknowledged: readonly string[]
  readonly sent: number
  readonly lost: number
  /** Why they were lost, and how often. */
  readonly because: readonly (readonly [why: string, count: number])[]
}

const { url, run, least } = workerData as ShutdownLoad
const provider = acme({ secret: SECRET })
let open = true
const sender = startSender({
  url: () => (open ? url : undefined),
  compose(id) {
    const signed = provider.sign!({ topic: 'ping', id: `${run}-${id}`, payload: {} })
    return { headers: { ...signed.headers }, body: new TextDecoder().decode(signed.body) }
  },
  concurrency: 16,
  again: 0,
  // The connection is rejected once nothing listens: the sender sends elsewhere.
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
