import type { Cluster, Redis } from 'ioredis'

/**
 * Checks after each connect that the server keeps its data, and warns if it may not. It also hears the client's errors,
 * since an unhandled one would end the process. Returns a function that removes the listeners.
 */
export function watchServer(client: Redis | Cluster, warn: (message: string) => void): () => void {
  const said = new Set<string>()
  const ready = (): void => void ask().catch(() => {})
  let lost = false
  const failed = (error: Error): void => {
    if (lost) return
    lost = true
    warn(`redisLedger: Redis is not reachable, so deliveries get 503: ${error.message}`)
  }
  client.on('error', failed)
  client.on('ready', ready)
  if (client.status === 'ready') ready()
  return () => {
    client.off('ready', ready)
    // The listener for errors stays: a closing client may still emit one.
  }

  async function ask(): Promise<void> {
    lost = false
    const info = `${await client.info('memory')}\n${await client.info('persistence')}`
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
    if (policy !== undefined && policy !== 'noeviction')
      once(
        `redisLedger: maxmemory-policy is ${policy}, so Redis may forget events before their window is over, and a redelivery runs them again: set it to noeviction`,
      )
    if (/^aof_enabled:0/m.test(info))
      once(
        'redisLedger: appendonly is off, so a restart of Redis forgets the latest events, and a redelivery runs them again: set appendonly yes',
      )
  }

  function once(message: string): void {
    if (said.has(message)) return
    said.add(message)
    warn(message)
  }
}
