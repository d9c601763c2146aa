import type { Client } from './connection.ts'

/** Watches a connection: hears its errors, which would end the process if nobody did, and checks the server. */
export interface ServerWatch {
  /** An error of a connection, told once until Redis is back. */
  readonly failed: (error: Error) => void
  /** Tells somebody what was and will be found out. */
  listen(warn: (message: string) => void): void
}

/** Asks the server each time the client has connected whether it keeps what it acknowledges. */
export function watchServer(client: Client): ServerWatch {
  const said = new Set<string>()
  const listeners: ((message: string) => void)[] = []
  let lost = false
  client.on('error', failed)
  client.on('ready', () => {
    lost = false
    ask().catch(() => {})
  })
  return {
    failed,
    listen(warn) {
      for (const message of said) warn(message)
      listeners.push(warn)
    },
  }

  function failed(error: Error): void {
    if (lost) return
    lost = true
    for (const warn of listeners) warn(`bullmqInbox: Redis fails: ${error.message}`)
  }

  async function ask(): Promise<void> {
    const info = `${await client.info('memory')}\n${await client.info('persistence')}\n${await client.info('replication')}`
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
    if (policy !== undefined && policy !== 'noeviction')
      tell(
        `bullmqInbox: maxmemory-policy is ${policy}, so Redis may throw acknowledged events away when memory is short: set it to noeviction`,
      )
    if (/^aof_enabled:0/m.test(info))
      tell(
        'bullmqInbox: appendonly is off, so acknowledged events are lost when Redis restarts: set appendonly yes',
      )
    if (/^role:slave/m.test(info))
      tell('bullmqInbox: this Redis is a replica and takes no writes: connect to its primary')
    // Managed servers often refuse CONFIG; what INFO tells must do there.
    const [, sync] = await client.config('GET', 'appendfsync').catch(() => [])
    if (sync === 'no')
      tell(
        'bullmqInbox: appendfsync is no, so a power failure loses what the system had not written yet: set it to everysec or always',
      )
  }

  function tell(message: string): void {
    if (said.has(message)) return
    said.add(message)
    for (const warn of listeners) warn(message)
  }
}
