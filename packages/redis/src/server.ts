import { randomUUID } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'

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
        `redisLedger: maxmemory-policy is ${policy}, so Redis may forget events before their window is over, and a redelivery runs them again: set it to noeviction`,
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
