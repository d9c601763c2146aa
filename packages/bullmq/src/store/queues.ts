import { Queue, type RedisQueueBackend } from 'bullmq'
import type { TaskDraft } from '@postern/core/engine'
import type { RedisClient } from './connection.ts'
import type { Settings } from '../settings.ts'
import { createHash } from 'node:crypto'

export interface JobData {
  /** Name of the job's event. */
  readonly e: string
  /** Part name, which distinguishes the children of a task. */
  readonly p?: string | undefined
  readonly d?: TaskDraft['data'] | undefined
  /** Tenant. */
  readonly f?: string | undefined
}

export type JobBackend = ReturnType<Queue['getBackend']>

export interface Queues {
  get(name: string): Promise<Queue>
  close(): Promise<void>
}

// A number in BullMQ's arguments counts as this machine's time if it differs by less than this, in milliseconds.
const SAME = 1000

/** `clock` is the store's clock. `warn` is called with errors that nothing else reports. */
export function createQueues(
  client: RedisClient,
  { prefix, lease }: Pick<Settings, 'prefix' | 'lease'>,
  clock: () => number,
  warn: (error: Error) => void,
): Queues {
  const queues = new Map<string, Promise<Queue>>()
  const connected = new Map<string, Queue>()
  return {
    get: open,
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
    // A queue that could not connect does not recover, so the next caller creates a new one.
    opening.catch(() => queues.delete(name))
    return opening
  }

  async function connect(name: string): Promise<Queue> {
    // This package uses no BullMQ workers: it claims and frees jobs through the queue.
    const options = {
      connection: client as never,
      prefix,
      lockDuration: lease,
      stalledInterval: Math.max(1, Math.round(lease / 2)),
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      // BullMQ sends INFO to check the version for each queue; once is enough.
      skipVersionCheck: queues.size > 1,
    }
    const queue = new Queue(name, options)
    queue.on('error', warn)
    await queue.waitUntilReady()
    const backend = queue.getBackend() as RedisQueueBackend
    const run = backend.execCommand.bind(backend)
    backend.execCommand = (on, command, args: readonly unknown[]) =>
      run(on, command, [...timed(args)])
    connected.set(name, queue)
    return queue
  }

  /** In BullMQ's arguments, replaces this machine's time. With a wrong clock, all retries could run at once. */
  function timed(args: readonly unknown[]): readonly unknown[] {
    const [wall, now] = [Date.now(), clock()]
    if (now === wall) return args
    return args.map((arg) => (typeof arg === 'number' && Math.abs(arg - wall) < SAME ? now : arg))
  }
}

/** Reference to a job: the name of its queue, a colon, and its id. */
export type JobRef = string

/** BullMQ does not allow a colon in a queue name, so a slash separates receiver and subscription. */
export function queueName(receiver: string, subscription: string): string {
  return `${encodeURIComponent(receiver)}/${encodeURIComponent(subscription)}`
}

export function parseQueueName(name: string): { receiver: string; subscription: string } {
  return {
    receiver: decoded(name.slice(0, name.indexOf('/'))),
    subscription: subscriptionOf(name),
  }
}

export function subscriptionOf(name: string): string {
  return decoded(name.slice(name.indexOf('/') + 1))
}

/** Decodes a part of a queue name. If another program created the queue, the name may not be encoded. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Returns the name of an event: a hash, since keys come from senders and can have any length and characters. */
export function eventName(receiver: string, key: string): string {
  return hash([receiver, key]).slice(0, 32)
}

export function guardName(receiver: string, key: string): string {
  return hash([receiver, 'guard', key]).slice(0, 32)
}

/** Redeliveries of an event have the same job ids. An id starts with a letter: BullMQ rejects ids of digits. */
export function jobId(event: string, part: string | undefined): string {
  return part === undefined ? `e${event}` : `e${event}.${hash([part]).slice(0, 16)}`
}

/** Returns true if the id has the form of `jobId`. Jobs of other programs have other ids. */
export function isJobId(id: string): boolean {
  return /^e[\w-]{32}(\.[\w-]{16})?$/.test(id)
}

export function eventOfJob(id: string): string {
  return id.slice(1, 33)
}

export function jobRef(receiver: string, event: string, draft: TaskDraft): JobRef {
  return `${queueName(receiver, draft.subscription)}:${jobId(event, draft.part)}`
}

export function parseRef(ref: JobRef): { queue: string; id: string } {
  const colon = ref.lastIndexOf(':')
  return { queue: ref.slice(0, colon), id: ref.slice(colon + 1) }
}

function hash(of: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(of)).digest('base64url')
}
