import { createIORedisClient, Job, Queue, type IRedisTransaction, type JobsOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import type { EventRecord, TaskDraft } from '@postern/core/inbox'
import { unavailable, type RedisClient } from './connection.ts'
import { jobId, queueName } from './names.ts'
import type { Settings } from '../settings.ts'

/** The data of a job: the name of its event, which is stored once for all its jobs, and its part among siblings. */
export interface JobData {
  readonly e: string
  readonly p?: string
  readonly d?: TaskDraft['data']
  /** Fair key. */
  readonly f?: string
}

/** BullMQ's scripts for the jobs of one queue. */
export type JobBackend = ReturnType<Queue['getBackend']>

/** A queue for each subscription. */
export interface Queues {
  /** The queue of that name, connected. */
  get(name: string): Promise<Queue>
  /** Resolves once the queues can be used synchronously. */
  ready(names: Iterable<string>): Promise<void> | undefined
  /** Puts the job of a task into a transaction; its queue must be ready. */
  add(
    multi: Multi,
    receiver: string,
    event: string,
    record: EventRecord,
    draft: TaskDraft,
    turn?: number,
  ): void
  /** Begins a transaction. */
  multi(): Multi
  /** Makes the connection of transactions anew. */
  reconnect(): void
  close(): Promise<void>
}

/** A transaction over any of the queues. */
type Multi = IRedisTransaction

// The receiver decides how often and when: to BullMQ attempts never run out, and each wait is the error's own.
const OPTIONS: JobsOptions = {
  attempts: 1_000_000_000,
  backoff: { type: 'custom' },
  stackTraceLimit: 1,
}

/** Makes the register of queues. `warn` hears of errors that nothing else reports. */
export function createQueues(
  client: RedisClient,
  { prefix, lease }: Pick<Settings, 'prefix' | 'lease'>,
  warn: (error: Error) => void,
): Queues {
  const shared = createIORedisClient(client as Redis)
  const queues = new Map<string, Promise<Queue>>()
  const connected = new Map<string, Queue>()
  return {
    get: open,
    ready(names) {
      const missing = [...names].filter((name) => !connected.has(name))
      return missing.length === 0 ? undefined : Promise.all(missing.map(open)).then(() => undefined)
    },
    add(multi, receiver, event, record, draft, turn) {
      const data: JobData = {
        e: event,
        ...(draft.part !== undefined && { p: draft.part }),
        ...(draft.data !== undefined && { d: draft.data }),
        ...(draft.fairKey !== undefined && { f: draft.fairKey }),
      }
      const queue = connected.get(queueName(receiver, draft.subscription))
      if (!queue) throw unavailable(`the queue of ${draft.subscription} is not connected`)
      const id = jobId(event, draft.part)
      // The commands are queued at once; results come from the replies of the transaction.
      const options = { ...OPTIONS, jobId: id, ...(turn !== undefined && { priority: turn }) }
      new Job(queue, record.topic, data, options, id).addJob(multi).catch(() => {})
    },
    multi: () => shared.multi() as unknown as Multi,
    reconnect: () => client.disconnect(true),
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
    await client.sadd(`${prefix}:queues`, name)
    connected.set(name, queue)
    return queue
  }
}
