import { WebhookError } from '@postern/core'
import { within } from '@postern/core/inbox'
import { Redis, type Cluster, type RedisOptions } from 'ioredis'
import type { BullmqConnection } from '../settings.ts'
import { SCRIPTS, type ScriptName } from './scripts.ts'

/** A client that knows this package's scripts. */
export type RedisClient = Redis | Cluster

// BullMQ's workers wait for a job in reads that Redis answers after 10 s at the latest. A half-open connection never answers.
const SILENCE = 12_000

/**
 * Opens a connection; one that does not answer in time is dropped and made again. With a `deadline` in milliseconds it is
 * for deliveries and operators: commands fail at once while Redis is unreachable. Otherwise commands wait, as BullMQ's
 * workers want them to.
 */
export function openClient(connection: BullmqConnection, deadline?: number): RedisClient {
  const settings: RedisOptions & { replyMapping: 'legacy' } =
    deadline === undefined
      ? {
          enableOfflineQueue: true,
          maxRetriesPerRequest: null,
          ...COMMON,
          socketTimeout: SILENCE,
          // An app's own would end BullMQ's blocking reads, and lose the reply of what it claimed.
          commandTimeout: undefined as never,
        }
      : {
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
          ...COMMON,
          // A server that is late once keeps its connection; the commands have had their refusal by then.
          socketTimeout: Math.max(2 * deadline, 1000),
        }
  const client = open(connection, settings)
  for (const [name, lua] of Object.entries(SCRIPTS))
    client.defineCommand(name, { numberOfKeys: 1, lua })
  return client
}

/** Runs a script of this package. */
export function runScript(
  client: RedisClient,
  name: ScriptName,
  key: string,
  ...args: readonly (string | number | Uint8Array)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Run>)[name]!(key, ...args)
}

/** Runs a script of this package and returns strings as bytes. */
export function runBuffer(
  client: RedisClient,
  name: ScriptName,
  key: string,
  ...args: readonly (string | number | Uint8Array)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Run>)[`${name}Buffer`]!(key, ...args)
}

type Run = (...args: readonly (string | number | Uint8Array)[]) => Promise<unknown>

/**
 * Resolves once the client is connected; returns undefined if it is. Throws if it has lost Redis: BullMQ would wait
 * without a deadline.
 */
export function connected(client: RedisClient, deadline: number): Promise<void> | undefined {
  if (client.status === 'ready') return undefined
  if (client.status !== 'connecting' && client.status !== 'connect')
    throw unavailable(`Redis is not connected (${client.status})`)
  let waiting = connecting.get(client)
  if (!waiting) {
    waiting = new Promise((resolve, reject) => {
      const ended = (error?: Error) => (): void => {
        connecting.delete(client)
        client.off('ready', ready).off('close', closed).off('error', failed)
        if (error) reject(error)
        else resolve()
      }
      const ready = ended()
      // A wrong password is told by an error, and the connection closes after it.
      let why = ''
      const failed = ({ message }: Error): void =>
        void (why = message === '' ? '' : ` (${message})`)
      const closed = (): void => ended(new Error(`Redis cannot be reached${why}`))()
      client.on('ready', ready).on('close', closed).on('error', failed)
    })
    waiting.catch(() => {})
    connecting.set(client, waiting)
  }
  return answeredWithin(waiting, deadline)
}

// Share one promise: each call would add listeners to the client.
const connecting = new WeakMap<RedisClient, Promise<void>>()

/** The work, or a rejection with `inbox_unavailable` after a time in milliseconds. */
export function answeredWithin<T>(work: Promise<T>, deadline: number): Promise<T> {
  const late = (): Error => unavailable(`Redis did not answer within ${deadline} ms`)
  return within(work, performance.now() + deadline, late).catch((error: unknown) => {
    throw unavailable(error)
  })
}

/** An error of Redis as the refusal of a delivery. */
export function unavailable(reason: unknown): WebhookError {
  if (reason instanceof WebhookError) return reason
  const text = reason instanceof Error ? reason.message : String(reason)
  return new WebhookError('inbox_unavailable', `bullmqInbox: ${text}`, {
    ...(reason instanceof Error && { cause: reason }),
  })
}

const COMMON = {
  replyMapping: 'legacy',
  enableReadyCheck: true,
  lazyConnect: false,
  // Without it ioredis forgets commands of a lost connection: their promises never settle.
  autoResendUnfulfilledCommands: true,
} as const

/** Waits between connects: the app's own, or the default of ioredis where that gives up. An inbox never gives up. */
function again({ retryStrategy: own }: RedisOptions): Pick<RedisOptions, 'retryStrategy'> {
  return {
    retryStrategy(times) {
      const wait = own?.(times)
      return typeof wait === 'number' ? wait : Math.min(times * 50, 2000)
    },
  }
}

function open(
  connection: BullmqConnection,
  settings: RedisOptions & { replyMapping: 'legacy' },
): RedisClient {
  if (typeof connection === 'string') return new Redis(connection, settings)
  if (!isClient(connection)) return new Redis({ ...connection, ...settings, ...again(connection) })
  if (!connection.isCluster)
    return (connection as Redis).duplicate({
      ...settings,
      ...again(connection.options as RedisOptions),
    })
  const cluster = connection as Cluster
  const { enableOfflineQueue } = settings
  const redisOptions = { ...cluster.options.redisOptions, ...settings }
  return cluster.duplicate([], { ...cluster.options, enableOfflineQueue, redisOptions } as never)
}

// By shape: clients of another copy of ioredis are no instances of our class.
function isClient(connection: object): connection is RedisClient {
  return 'defineCommand' in connection && typeof connection.defineCommand === 'function'
}
