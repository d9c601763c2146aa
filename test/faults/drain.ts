import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { createReceiver } from '@postern/core'
import { acme } from '@postern/testing'
import { openDurable, durables, type DurableName } from '../services/inboxes.ts'
import { SECRET } from './secrets.ts'

/** Result of sending many events through an inbox to two worker processes. */
export interface DrainReport {
  readonly events: number
  readonly handled: number
  /** Number of repeated runs of the same event. */
  readonly again: number
  /** Share of the events that the less busy worker handled. */
  readonly smallerShare: number
  readonly acceptedPerSecond: number
  readonly handledPerSecond: number
}

/**
 * Accepts events in this process, several in parallel, while two other processes handle them. `beside` starts something
 * in the store once its tables exist. It returns a function that ends it.
 */
export async function drainRun(
  name: DurableName,
  events: number,
  beside?: (store: string) => Promise<() => Promise<void>>,
): Promise<DrainReport> {
  const { store, stop } = await durables[name].start()
  const provider = acme({ secret: SECRET })
  const inbox = await openDurable(name, store)
  const receiver = createReceiver({ provider, inbox, worker: false, log: false })
  receiver.on('thing.happened', { name: 'count' }, () => {})
  const workers = [work(name, store), work(name, store)]
  let end = async (): Promise<void> => {}
  try {
    await Promise.all(workers.map((worker) => worker.ready))
    if (beside) {
      await inbox.view!.stats()
      end = await beside(store)
    }
    const started = performance.now()
    let next = 0
    await Promise.all(
      Array.from({ length: 256 }, async () => {
        while (next < events) {
          const id = String(next++)
          const reply = await receiver.receive(
            provider.sign!({ id, payload: { id, text: 'x'.repeat(900) } }),
          )
          if (reply.status !== 200) throw new Error(`event ${id} got ${reply.status}`)
        }
      }),
    )
    const accepted = performance.now()
    const runs = new Map<string, number>()
    const shares = [0, 0]
    while (runs.size < events) {
      const [batch, at] = await Promise.race(
        workers.map(async (worker, at) => [await worker.batch(), at] as const),
      )
      workers[at]!.taken()
      shares[at]! += batch.length
      for (const id of batch) runs.set(id, (runs.get(id) ?? 0) + 1)
    }
    const handled = performance.now()
    const total = shares[0]! + shares[1]!
    return {
      events,
      handled: runs.size,
      again: total - runs.size,
      smallerShare: Math.round((100 * Math.min(...shares)) / total) / 100,
      acceptedPerSecond: Math.round((1000 * events) / (accepted - started)),
      handledPerSecond: Math.round((1000 * events) / (handled - started)),
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()))
    await end()
    await receiver.close()
    await inbox.close()
    await stop()
  }
}

interface DrainWorker {
  readonly ready: Promise<unknown>
  /** Returns the oldest unread batch of handled ids. Rejects if the worker died. */
  batch(): Promise<readonly string[]>
  taken(): void
  stop(): Promise<void>
}

function work(name: DurableName, store: string): DrainWorker {
  const child: ChildProcess = fork(fileURLToPath(new URL('drain-worker.ts', import.meta.url)), [
    name,
    store,
  ])
  const batches: (readonly string[])[] = []
  let arrived = Promise.withResolvers<void>()
  const ready = once(child, 'message')
  const ended = once(child, 'exit')
  const died = ended.then(([code, signal]) => {
    throw new Error(`a worker of ${name} ended with ${String(code ?? signal)}`)
  })
  died.catch(() => {})
  child.on('message', (message) => {
    if (message === 'ready') return
    batches.push(message as readonly string[])
    arrived.resolve()
    arrived = Promise.withResolvers()
  })
  return {
    ready,
    async batch() {
      while (batches.length === 0) await Promise.race([arrived.promise, died])
      return batches[0]!
    },
    taken: () => void batches.shift(),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
