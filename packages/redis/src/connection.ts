import { createHash, randomUUID } from 'node:crypto'
import { WebhookError } from '@postern/core'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

// Settings can change while Redis runs, in milliseconds.
const AGAIN = 5000

/**
 * Checks after each connect, and each five seconds, that the server keeps its data, and warns if it may not. It also hears the
 * client's errors, since an unhandled one would end the process. Returns a function that ends it.
 */
export function watchServer(
  client: Redis | Cluster,
  prefix: string,
  warn: (message: string) => void,
): () => void {
  const said = new Set<string>()
  const ready = (): void => void ask().catch(() => {})
  let lost = false
  let evicted: number | undefined
  let mark: string | null | undefined
  const failed = (error: Error): void => {
    if (lost) return
    lost = true
    warn(`redisLedger: Redis is not reachable, so deliveries get 503: ${error.message}`)
  }
  client.on('error', failed)
  client.on('ready', ready)
  if (client.status === 'ready') ready()
  const timer = setInterval(() => client.status === 'ready' && ready(), AGAIN)
  // A process that has nothing else to do need not stay for this.
  timer.unref()
  return () => {
    clearInterval(timer)
    client.off('ready', ready)
    // The listener for errors stays: a closing client may still emit one.
  }

  async function ask(): Promise<void> {
    lost = false
    const info = await client.info()
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
    const evictedBefore = evicted
    evicted = Number(/^evicted_keys:(\d+)/m.exec(info)?.[1] ?? 0)
    if (evictedBefore !== undefined && evicted > evictedBefore)
      warn(
        `redisLedger: Redis evicted ${evicted - evictedBefore} keys, and events may be among them, which a redelivery runs again (evicted_keys is ${evicted}, maxmemory-policy is ${policy ?? 'unknown'}): give it more memory, and set noeviction`,
      )
    if (policy !== undefined && policy !== 'noeviction')
      once(
        `redisLedger: maxmemory-policy is ${policy}, so Redis may forget events before dedupeWindow has passed, and a redelivery runs them again: set it to noeviction`,
      )
    if (/^aof_enabled:0/m.test(info))
      once(
        'redisLedger: appendonly is off, so a restart of Redis forgets the latest events, and a redelivery runs them again: set appendonly yes',
      )
    // A name that was drawn once: another one shows that all is gone.
    const before = mark
    await client.set(`${prefix}mark`, randomUUID(), 'NX')
    mark = await client.get(`${prefix}mark`)
    if (typeof before === 'string' && mark !== before)
      warn(
        `redisLedger: Redis lost what this ledger had stored: it was emptied, or another Redis has this address; redeliveries of events that are done run again (evicted_keys is ${evicted}, maxmemory-policy is ${policy ?? 'unknown'}): look for FLUSHALL, eviction and persistence`,
      )
  }

  function once(message: string): void {
    if (said.has(message)) return
    said.add(message)
    warn(message)
  }
}

/** Runs scripts, each within a deadline. */
interface ScriptRunner {
  /**
   * Waits for the connection. Rejects with `inbox_unavailable` if Redis is away, hangs or rejects until the deadline.
   * `late` gets an answer that arrives after the deadline.
   */
  run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: (answer: unknown) => void,
  ): Promise<unknown>
}

/** Makes a runner on a client. */
export function createScriptRunner(client: Redis | Cluster, deadline: number): ScriptRunner {
  const hashes = new Map<string, string>()
  const waiters = createWaiters(client)
  return {
    run: (script, keys, args, late) =>
      new Promise((resolve, reject) => {
        let over = false
        const timer = setTimeout(() => {
          waiters.delete(waiter)
          const what =
            client.status === 'ready' ? 'did not answer' : `was not connected (${client.status})`
          failed(`Redis ${what} within ${deadline} ms`)
        }, deadline)
        // A client may queue commands until Redis is back: so nothing is sent before, nor after its deadline.
        const waiter: Waiter = {
          ready() {
            send(script, keys, args).then(
              (answer) => {
                clearTimeout(timer)
                if (over) late?.(answer)
                else resolve(answer)
              },
              (error: unknown) =>
                failed(error instanceof Error ? error.message : String(error), error),
            )
          },
          failed: (error) => failed(error.message, error),
        }
        if (client.status === 'ready') waiter.ready()
        else waiters.add(waiter)

        function failed(reason: string, cause?: unknown): void {
          over = true
          clearTimeout(timer)
          reject(new WebhookError('inbox_unavailable', `redisLedger: ${reason}`, { cause }))
        }
      }),
  }

  async function send(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    let hash = hashes.get(script)
    if (!hash) hashes.set(script, (hash = createHash('sha1').update(script).digest('hex')))
    try {
      return await client.evalsha(hash, keys.length, ...keys, ...args)
    } catch (error) {
      // Redis forgets its scripts when it restarts.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return client.eval(script, keys.length, ...keys, ...args)
    }
  }
}

/** A call that waits for the connection. */
interface Waiter {
  /** The client can be used. */
  ready(): void
  /** The client was closed. */
  failed(error: Error): void
}

/** The calls that wait for the connection of a client. */
interface Waiters {
  /** Adds a call. Use it if the client is not ready. */
  add(waiter: Waiter): void
  /** Takes out a call that waits no longer: they would add up while Redis is unreachable. */
  delete(waiter: Waiter): void
}

/** Makes the {@link Waiters}. They share two listeners: own listeners would stay on the client until Redis is back. */
function createWaiters(client: Redis | Cluster): Waiters {
  const waiting = new Set<Waiter>()
  client.on('ready', () => {
    for (const waiter of takeAll()) waiter.ready()
  })
  client.on('end', () => {
    for (const waiter of takeAll()) waiter.failed(closed())
  })
  return {
    add(waiter) {
      if (client.status === 'end') return waiter.failed(closed())
      waiting.add(waiter)
      // A client with `lazyConnect`. Its `error` event has the reason of a failure.
      if (client.status === 'wait') client.connect().catch(() => {})
    },
    delete: (waiter) => void waiting.delete(waiter),
  }

  function takeAll(): readonly Waiter[] {
    const all = [...waiting]
    waiting.clear()
    return all
  }
}

function closed(): Error {
  return new Error('the client of Redis was closed')
}

/** Your client, which you close, or an address: a URL, or options of ioredis. */
export type RedisConnection = Redis | Cluster | RedisOptions | string

/** A client, and true if we must close it. */
interface Opened {
  readonly client: Redis | Cluster
  readonly own: boolean
}

/** Opens the connection. Its settings make commands fail at once while Redis is unreachable, not wait in a queue. */
export function openConnection(connection: RedisConnection): Opened {
  if (connection instanceof Redis || connection instanceof Cluster || isClient(connection))
    return { client: connection as Redis | Cluster, own: false }
  const settings = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    replyMapping: 'legacy' as const,
  }
  const client =
    typeof connection === 'string'
      ? new Redis(connection, settings)
      : new Redis({ ...connection, ...settings })
  return { client, own: true }
}

/** True for a client of a Redis Cluster. */
export function isCluster(client: Redis | Cluster): boolean {
  return 'isCluster' in client && client.isCluster === true
}

/** The hash tag of a prefix, which decides the slot of its keys; undefined if each key has its own slot. */
export function hashTag(prefix: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(prefix)?.[1]
}

// Another copy of ioredis makes clients that are not instances of ours.
function isClient(connection: object | string): boolean {
  return (
    typeof connection === 'object' &&
    'status' in connection &&
    'defineCommand' in connection &&
    typeof connection.defineCommand === 'function'
  )
}
