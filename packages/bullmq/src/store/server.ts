import { WebhookError } from '@postern/core'
import type { MaybePromise } from '@postern/core/internal'
import type { VersionWatch } from '@postern/core/engine'
import { connected, type RedisClient } from './connection.ts'
import type { Settings } from '../settings.ts'

/** Watches a connection: hears its errors, since an unhandled one would end the process, and checks the server. */
export interface ServerWatch {
  /** An error of a connection: a loss is reported once until Redis is back, any other error once a minute. */
  readonly failed: (error: Error) => void
  /** Adds a listener, which hears earlier findings too. */
  listen(warn: (message: string) => void): void
  /**
   * Rejects while Redis may evict acknowledged deliveries, or this process is shut out; undefined once it is known that
   * neither is so.
   */
  safe(): Promise<void> | undefined
  /** Why this process must not work on the store; undefined if it may. */
  shutOut(): MaybePromise<string | undefined>
  /** Notifies all listeners. */
  tell(message: string): void
  /** Looks at the server now. */
  look(): void
  /** What was stored is gone, or is as it was some time ago. */
  lost(how: 'gone' | 'older'): void
}

// Settings can change at run time: how long an answer is valid, and how long one that rejects deliveries.
const AGAIN = 5000
const SOON = 1000
// How often the same error is told, in milliseconds.
const MINUTE = 60_000
// Errors that are remembered as told.
const MOST_TOLD = 100

/** Checks that the server keeps its data: after each connect, with each sign of life, and before deliveries. */
export function watchServer(
  client: RedisClient,
  { unsafe, replicas, deadline }: Settings,
  versionWatch: VersionWatch,
): ServerWatch {
  const said = new Set<string>()
  const listeners: ((message: string) => void)[] = []
  const told = new Map<string, number>()
  let asking: Promise<void> | undefined
  let askedAt = -Infinity
  let evicts: string | undefined
  let policy: string | undefined
  let evicted: number | undefined
  client.on('error', failed)
  client.on('ready', () => {
    told.clear()
    look()
  })
  return {
    failed,
    listen(warn) {
      for (const message of said) warn(message)
      listeners.push(warn)
    },
    safe() {
      if (performance.now() - askedAt > (rejection() === undefined ? AGAIN : SOON)) look()
      // Only the first check is waited for.
      if (versionWatch.sure() && askedAt !== -Infinity && rejection() === undefined)
        return undefined
      return reject()
    },
    shutOut: () => (versionWatch.sure() ? undefined : ask()),
    tell,
    look,
    lost(how) {
      const what =
        how === 'gone'
          ? 'Redis lost what this inbox had stored: it was emptied, or another Redis has this address'
          : 'Redis has an older state of what this inbox had stored, as after a failover or a restored file'
      warn(
        `bullmqInbox: ${what}; acknowledged events are gone (evicted_keys is ${evicted ?? 'unknown'}, maxmemory-policy is ${policy ?? 'unknown'}): have the senders deliver again, and look for FLUSHALL, eviction and persistence`,
      )
    },
  }

  function warn(message: string): void {
    for (const listener of listeners) listener(message)
  }

  /** Nothing runs without an answer while Redis can be reached. */
  async function ask(): Promise<string | undefined> {
    try {
      await connected(client, deadline)
      await versionWatch.check()
    } catch {
      // Redis is away: what asks next hears what it says when it is back.
    }
    return versionWatch.rejected()
  }

  function rejection(): string | undefined {
    return evicts === undefined || unsafe ? undefined : evicting(evicts)
  }

  async function reject(): Promise<void> {
    await Promise.all([versionWatch.check(), asking])
    const why = rejection()
    if (why !== undefined) throw new WebhookError('inbox_unavailable', why)
  }

  function failed(error: Error): void {
    // While Redis is away each connection and command says so in words of its own: one of them is enough.
    const kind = client.status === 'ready' ? error.message : ''
    const now = performance.now()
    if (now - (told.get(kind) ?? -Infinity) < (kind === '' ? Infinity : MINUTE)) return
    if (told.size >= MOST_TOLD) told.clear()
    told.set(kind, now)
    warn(`bullmqInbox: Redis fails: ${error.message}`)
  }

  function look(): void {
    asking ??= inspect()
      .catch(() => {})
      .finally(() => {
        asking = undefined
        // One that failed since there is no connection yet is not an answer.
        if (client.status === 'ready') askedAt = performance.now()
      })
  }

  async function inspect(): Promise<void> {
    const info = await client.info()
    policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
    const before = evicted
    evicted = Number(/^evicted_keys:(\d+)/m.exec(info)?.[1] ?? 0)
    if (before !== undefined && evicted > before)
      warn(
        `bullmqInbox: Redis evicted ${evicted - before} keys, and acknowledged events may be among them (evicted_keys is ${evicted}, maxmemory-policy is ${policy ?? 'unknown'}): give it more memory, and set noeviction`,
      )
    evicts = policy === undefined || policy === 'noeviction' ? undefined : policy
    if (evicts !== undefined) tell(evicting(evicts))
    const count = Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0)
    if (count > 0 && !replicas)
      tell(
        `bullmqInbox: this Redis has ${count} ${count === 1 ? 'replica' : 'replicas'}, and a failover to one that lags loses acknowledged events: give replicas: { wait: 1 }, or set min-replicas-to-write and keep the risk small`,
      )
    if (replicas && count < replicas.wait)
      tell(
        `bullmqInbox: replicas.wait is ${replicas.wait}, but this Redis has ${count} ${count === 1 ? 'replica' : 'replicas'}: deliveries get 503`,
      )
    if (/^aof_enabled:0/m.test(info))
      tell(
        'bullmqInbox: appendonly is off, so acknowledged events are lost when Redis restarts: set appendonly yes',
      )
    if (/^role:slave/m.test(info))
      tell('bullmqInbox: this Redis is a replica and accepts no writes; connect to its primary')
    // Managed servers often reject CONFIG: then INFO has to do.
    const [, sync] = await client.config('GET', 'appendfsync').catch(() => [])
    if (sync === 'no')
      tell(
        'bullmqInbox: appendfsync is no, so a power failure loses what the system had not written yet: set it to everysec or always',
      )
  }

  function evicting(policy: string): string {
    return `bullmqInbox: maxmemory-policy is ${policy}, so Redis may evict acknowledged events when memory is short${unsafe ? '' : '; deliveries get 503'}: set it to noeviction${unsafe ? '' : ', or give unsafe: true'}`
  }

  function tell(message: string): void {
    if (said.has(message)) return
    said.add(message)
    warn(message)
  }
}
