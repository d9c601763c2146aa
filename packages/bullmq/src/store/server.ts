import { WebhookError } from '@postern/core'
import type { MaybePromise } from '@postern/core/internal'
import type { VersionWatch } from '@postern/core/engine'
import { connected, type RedisClient } from './connection.ts'
import type { Settings } from '../settings.ts'

/** Checks the server's settings, and handles the errors of a connection. An unhandled error would end the process. */
export interface ServerWatch {
  /** Reports an error. A lost connection is reported once until Redis is back, any other error once a minute. */
  readonly failed: (error: Error) => void
  /** Adds a listener for warnings. The listener also gets the earlier warnings. */
  listen(warn: (message: string) => void): void
  /**
   * Rejects while Redis may evict acknowledged deliveries, or while this process must not use the store. Returns
   * undefined if deliveries can be stored safely.
   */
  safe(): Promise<void> | undefined
  /** Returns why this process must not use the store, or undefined if it may. */
  shutOut(): MaybePromise<string | undefined>
  /** Warns all listeners, once per message. */
  tell(message: string): void
  /** Starts a check of the server. */
  look(): void
  /** Warns that stored data is gone, or that Redis went back to an older state. */
  lost(how: 'gone' | 'older'): void
}

// How long a check is valid, in milliseconds, since settings can change at run time: AGAIN if deliveries are accepted,
// SOON if they are rejected.
const AGAIN = 5000
const SOON = 1000
// Milliseconds between reports of the same error.
const MINUTE = 60_000
// Maximum number of errors that are remembered as reported.
const MOST_TOLD = 100

/** Checks the server after each connect, at each sign of life and for deliveries. */
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
      // Deliveries wait only for the first check of the server. Later checks run in the background.
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
        `bullmqInbox: ${what}; acknowledged events are gone (evicted_keys is ${evicted ?? 'unknown'}, maxmemory-policy is ${policy ?? 'unknown'}): ask the senders to redeliver, and check whether FLUSHALL, eviction or missing persistence is the cause`,
      )
    },
  }

  function warn(message: string): void {
    for (const listener of listeners) listener(message)
  }

  /** Checks whether this process may use the store. While Redis can be reached, no task runs before this check. */
  async function ask(): Promise<string | undefined> {
    try {
      await connected(client, deadline)
      await versionWatch.check()
    } catch {
      // If Redis is unreachable, the next check decides.
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
    // While Redis is unreachable, each connection and each command fails with a different message, but one report is
    // enough.
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
        // Without a connection, the check did not run.
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
        `bullmqInbox: Redis evicted ${evicted - before} keys, and acknowledged events may be among them (evicted_keys is ${evicted}, maxmemory-policy is ${policy ?? 'unknown'}): give Redis more memory, and set maxmemory-policy to noeviction`,
      )
    evicts = policy === undefined || policy === 'noeviction' ? undefined : policy
    if (evicts !== undefined) tell(evicting(evicts))
    const count = Number(/^connected_slaves:(\d+)/m.exec(info)?.[1] ?? 0)
    if (count > 0 && !replicas)
      tell(
        `bullmqInbox: this Redis has ${count} ${count === 1 ? 'replica' : 'replicas'}, and a failover to a replica that lags loses acknowledged events: set replicas: { wait: 1 }, or reduce the risk with min-replicas-to-write`,
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
    // Managed Redis servers often reject CONFIG.
    const [, sync] = await client.config('GET', 'appendfsync').catch(() => [])
    if (sync === 'no')
      tell(
        'bullmqInbox: appendfsync is no, so a power failure loses events that are not yet on disk: set appendfsync to everysec or always',
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
