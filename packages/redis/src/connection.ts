import { createHash, randomUUID } from 'node:crypto'
import { WebhookError } from '@postern/core'
import { Cluster, Redis, type RedisOptions } from 'ioredis'

// Milliseconds between checks, since settings can change while Redis runs.
const AGAIN = 5000

/**
 * Checks after each connect, and every five seconds, that the server keeps its data, and warns if it may not. Also
 * handles the client's errors, since an unhandled error would end the process. Returns a function that stops the
 * checks.
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
  // The timer must not keep the process alive.
  timer.unref()
  return () => {
    clearInterval(timer)
    client.off('ready', ready)
    // The error listener stays: a closing client may still emit an error.
  }

  async function ask(): Promise<void> {
    lost = false
    const info = await client.info()
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
    const evictedBefore = evicted
    evicted = Number(/^evicted_keys:(\d+)/m.exec(info)?.[1] ?? 0)
    if (evictedBefore !== undefined && evicted > evictedBefore)
      warn(
        `redisLedger: Redis evicted ${evicted - evictedBefore} keys, which may include ids of done events, so redeliveries of these events run again (evicted_keys is ${evicted}, maxmemory-policy is ${policy ?? 'unknown'}): give Redis more memory, and set maxmemory-policy to noeviction`,
      )
    if (policy !== undefined && policy !== 'noeviction')
      once(
        `redisLedger: maxmemory-policy is ${policy}, so Redis may forget events before dedupeWindow has passed, and a redelivery runs them again: set it to noeviction`,
      )
    if (/^aof_enabled:0/m.test(info))
      once(
        'redisLedger: appendonly is off, so a restart of Redis forgets the latest events, and a redelivery runs them again: set appendonly yes',
      )
    // A random mark is set once. A different mark shows that Redis lost its data.
    const before = mark
    await client.set(`${prefix}mark`, randomUUID(), 'NX')
    mark = await client.get(`${prefix}mark`)
    if (typeof before === 'string' && mark !== before)
      warn(
        `redisLedger: Redis lost what this ledger had stored: it was emptied, or another Redis has this address; if a sender delivers a finished event again, its handlers run again (evicted_keys is ${evicted}, maxmemory-policy is ${policy ?? 'unknown'}): check whether FLUSHALL, eviction or missing persistence is the cause`,
      )
  }

  function once(message: string): void {
    if (said.has(message)) return
    said.add(message)
    warn(message)
  }
}

interface ScriptRunner {
  /**
   * Runs a script once the client is connected. Rejects with `inbox_unavailable` if, until the deadline, Redis is
   * unreachable, hangs or rejects the script. If the answer comes after the deadline, `late` gets it.
   */
  run(
    script: string,
    keys: readonly string[],
    args: readonly (string | number)[],
    late?: (answer: unknown) => void,
  ): Promise<unknown>
}

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
        // While Redis is unreachable, a client may queue commands and send them later. So nothing is sent before the
        // connection, or after the deadline.
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
      // A restart of Redis drops its scripts, so the script is sent again.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return client.eval(script, keys.length, ...keys, ...args)
    }
  }
}

interface Waiter {
  ready(): void
  failed(error: Error): void
}

/** Calls that wait for the connection. They share two listeners, since many could wait at the same time. */
function createWaiters(client: Redis | Cluster): {
  add(waiter: Waiter): void
  /** Removes a call after its deadline. Otherwise calls would accumulate while Redis is unreachable. */
  delete(waiter: Waiter): void
} {
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
      // A client with `lazyConnect` has the status `wait`. If connecting fails, the client emits an `error` event.
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

/** Your own client, which you close yourself, or an address: a URL, or options of ioredis. */
export type RedisConnection = Redis | Cluster | RedisOptions | string

/** Opens the connection. While Redis is unreachable, commands fail immediately instead of waiting in a queue. */
export function openConnection(connection: RedisConnection): {
  readonly client: Redis | Cluster
  readonly own: boolean
} {
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

export function isCluster(client: Redis | Cluster): boolean {
  return 'isCluster' in client && client.isCluster === true
}

/** Returns the hash tag of a prefix: its part in braces. Without it, each key has its own slot in a Cluster. */
export function hashTag(prefix: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(prefix)?.[1]
}

// Checks the shape of the object, since a client from another copy of ioredis is not an instance of these classes.
function isClient(connection: object | string): boolean {
  return (
    typeof connection === 'object' &&
    'status' in connection &&
    'defineCommand' in connection &&
    typeof connection.defineCommand === 'function'
  )
}
