import { Queue } from 'bullmq'
import type { TaskDraft } from '@postern/core/engine'
import type { RedisClient } from './connection.ts'
import type { Settings } from '../settings.ts'
import { createHash } from 'node:crypto'

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

/** Makes the register of queues. `warn` is called with errors that nothing else reports. */
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

/** A job as this package names it over all queues: the name of its queue, a colon, its id. */
export type JobRef = string

/** The queue of a subscription. Queue names must not hold a colon, and a slash keeps receiver and subscription apart. */
export function queueName(receiver: string, subscription: string): string {
  return `${encodeURIComponent(receiver)}/${encodeURIComponent(subscription)}`
}

/** Receiver and subscription of a {@link queueName}. */
export function parseQueueName(name: string): { receiver: string; subscription: string } {
  return {
    receiver: decoded(name.slice(0, name.indexOf('/'))),
    subscription: subscriptionOf(name),
  }
}

/** Subscription of a {@link queueName}. */
export function subscriptionOf(name: string): string {
  return decoded(name.slice(name.indexOf('/') + 1))
}

/** Another program may have made the queue: its name is read as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Name of an event: a hash, since keys come from senders and have any length and any character. */
export function eventName(receiver: string, key: string): string {
  return hash([receiver, key]).slice(0, 32)
}

/** Name of a guard key, whose scope is its receiver. */
export function guardName(receiver: string, key: string): string {
  return hash([receiver, 'guard', key]).slice(0, 32)
}

/**
 * Id of a task's job, the same whenever its event is delivered. BullMQ rejects ids that are all digits, and gives an
 * empty one a number of its own: hence the letter.
 */
export function jobId(event: string, part: string | undefined): string {
  return part === undefined ? `e${event}` : `e${event}.${hash([part]).slice(0, 16)}`
}

/** True for the id of a task; other programs give their jobs other ids. */
export function isJobId(id: string): boolean {
  return /^e[\w-]{32}(\.[\w-]{16})?$/.test(id)
}

/** The event a job id was made of. */
export function eventOfJob(id: string): string {
  return id.slice(1, 33)
}

export function jobRef(receiver: string, event: string, draft: TaskDraft): JobRef {
  return `${queueName(receiver, draft.subscription)}:${jobId(event, draft.part)}`
}

/** Queue and id of a {@link JobRef}. */
export function parseRef(ref: JobRef): { queue: string; id: string } {
  const colon = ref.lastIndexOf(':')
  return { queue: ref.slice(0, colon), id: ref.slice(colon + 1) }
}

function hash(of: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('base64url')
}
