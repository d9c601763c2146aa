import { Queue } from 'bullmq'
import type { TaskDraft } from '@postern/core/inbox'
import type { RedisClient } from './connection.ts'
import type { Settings } from '../settings.ts'

/** The data of a job: the name of its event, which is stored once for all its jobs, and its part among siblings. */
export interface JobData {
  readonly e: string
  readonly p?: string | undefined
  readonly d?: TaskDraft['data'] | undefined
  /** Fair key. */
  readonly f?: string | undefined
}

/** BullMQ's scripts for the jobs of one queue. */
export type JobBackend = ReturnType<Queue['getBackend']>

/** A queue for each subscription. */
export interface Queues {
  /** The queue of that name, connected. */
  get(name: string): Promise<Queue>
  /** Resolves once the queues can be used synchronously. */
  ready(names: Iterable<string>): Promise<void> | undefined
  close(): Promise<void>
}

/** Makes the register of queues. `warn` hears of errors that nothing else reports. */
export function createQueues(
  client: RedisClient,
  { prefix, lease }: Pick<Settings, 'prefix' | 'lease'>,
  warn: (error: Error) => void,
): Queues {
  const queues = new Map<string, Promise<Queue>>()
  const connected = new Map<string, Queue>()
  return {
    get: open,
    ready(names) {
      const missing = [...names].filter((name) => !connected.has(name))
      return missing.length === 0 ? undefined : Promise.all(missing.map(open)).then(() => undefined)
    },
    async close() {
      const all = [...connected.values()]
      connected.clear()
      queues.clear()
      await Promise.all(all.map((queue) => queue.close().catch(() => {})))
    },
  }

  function open(name: string): Promise<Queue> {
    const known = queues.get(name)
    if (known) return known
    const opening = connect(name)
    queues.set(name, opening)
    // A queue that could not connect never recovers: the next caller makes another.
    opening.catch(() => queues.delete(name))
    return opening
  }

  async function connect(name: string): Promise<Queue> {
    // `drain` claims and frees jobs by the queue itself, as a worker does.
    const options = {
      connection: client as never,
      prefix,
      lockDuration: lease,
      stalledInterval: Math.max(1, Math.round(lease / 2)),
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      // BullMQ sends INFO: once is enough.
      skipVersionCheck: queues.size > 1,
    }
    const queue = new Queue(name, options)
    queue.on('error', warn)
    await queue.waitUntilReady()
    connected.set(name, queue)
    return queue
  }
}
