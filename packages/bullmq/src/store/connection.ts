import { WebhookError } from '@postern/core'
import { within } from '@postern/core/engine'
import { Redis, type Cluster, type RedisOptions } from 'ioredis'
import * as journalScripts from '../lua/journal.ts'
import * as processScripts from '../lua/processes.ts'
import * as runScripts from '../lua/run.ts'
import * as storeScripts from '../lua/store.ts'
import * as viewScripts from '../lua/view.ts'

/** An address of Redis: a URL, options of ioredis, or a client of ioredis whose settings are copied. */
export type BullmqConnection = Redis | Cluster | RedisOptions | string

/** A client with the scripts of this package as commands. */
export type RedisClient = Redis | Cluster

// Maximum wait for an answer on a connection without a deadline, in milliseconds. After this time the connection counts
// as broken: a half-open connection never answers.
const SILENCE = 12_000

/**
 * Opens a connection, which reconnects if Redis does not answer in time. A connection with a `deadline`, in
 * milliseconds, is for deliveries, tasks and operators: its commands fail immediately while Redis is unreachable. A
 * connection without a deadline listens for ready tasks: its commands wait until Redis is back.
 */
export function openClient(connection: BullmqConnection, deadline?: number): RedisClient {
  const settings: RedisOptions & { replyMapping: 'legacy' } =
    deadline === undefined
      ? {
          enableOfflineQueue: true,
          maxRetriesPerRequest: null,
          ...COMMON,
          socketTimeout: SILENCE,
          // The app's timeout does not apply here, since these commands wait until Redis is back.
          commandTimeout: undefined as never,
        }
      : {
          enableOfflineQueue: false,
          maxRetriesPerRequest: 1,
          ...COMMON,
          // This limit is longer than the deadline, so that one late answer does not close the connection.
          socketTimeout: Math.max(2 * deadline, 1000),
        }
  const client = open(connection, settings)
  for (const [name, lua] of Object.entries(SCRIPTS))
    client.defineCommand(`postern${name}`, { numberOfKeys: 1, lua })
  return client
}

export function runScript(
  client: RedisClient,
  name: ScriptName,
  key: string,
  ...args: readonly (string | number | Uint8Array)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Run>)[`postern${name}`]!(key, ...args)
}

/** Runs a script as `runScript` does, but returns strings as bytes. */
export function runBuffer(
  client: RedisClient,
  name: ScriptName,
  key: string,
  ...args: readonly (string | number | Uint8Array)[]
): Promise<unknown> {
  return (client as unknown as Record<string, Run>)[`postern${name}Buffer`]!(key, ...args)
}

type Run = (...args: readonly (string | number | Uint8Array)[]) => Promise<unknown>

/** Resolves once the client is connected. Throws after a lost connection, since BullMQ would wait forever. */
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
      // After a wrong password, the client first emits an error and then closes.
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

// Waiting callers share one promise, since each promise adds listeners to the client.
const connecting = new WeakMap<RedisClient, Promise<void>>()

/** Rejects with `inbox_unavailable` if the work fails, or takes longer than `deadline` milliseconds. */
export function answeredWithin<T>(work: Promise<T>, deadline: number): Promise<T> {
  const late = (): Error => unavailable(`Redis did not answer within ${deadline} ms`)
  return within(work, performance.now() + deadline, late).catch((error: unknown) => {
    throw unavailable(error)
  })
}

/** Converts any error to the error with which a delivery is rejected. */
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
  // Without this setting, commands on a lost connection never settle.
  autoResendUnfulfilledCommands: true,
} as const

/** Returns a retry strategy that never gives up, even if the app's own strategy does. */
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

// Checks the shape of the object, since a client from another copy of ioredis is not an instance of this class.
function isClient(connection: object): connection is RedisClient {
  return 'defineCommand' in connection && typeof connection.defineCommand === 'function'
}

const SCRIPTS: Readonly<Record<ScriptName, string>> = {
  ...journalScripts,
  ...processScripts,
  ...runScripts,
  ...storeScripts,
  ...viewScripts,
}

/** Names of the scripts. Each script gets one key: the prefix of all keys that it uses. */
type ScriptName =
  | keyof typeof journalScripts
  | keyof typeof processScripts
  | keyof typeof runScripts
  | keyof typeof storeScripts
  | keyof typeof viewScripts
