import type { Database } from './connection.ts'
import type { PgClient } from './pg.ts'

interface ListenHost {
  readonly db: Database
  readonly channel: string
  /** Returns the payload of this process's own notifications, which this process ignores. */
  readonly process: () => string
  readonly warn: (message: string) => void
}

// Milliseconds until the next LISTEN: AGAIN after the connection broke, and POOLER if a pooler forwards no
// notifications.
const AGAIN = 1000
const POOLER = 60_000
// Milliseconds within which the process should receive its own test notification.
const ECHO = 2000

/**
 * Calls `heard` when another process has stored tasks. Also calls `heard` after each new connection, since
 * notifications may have been missed before. Polling finds tasks even without notifications.
 */
export function hearTasks(
  { db, channel, process, warn }: ListenHost,
  heard: () => void,
): () => void {
  let client: PgClient | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let echo: ReturnType<typeof setTimeout> | undefined
  let on = true
  let told = false
  void connect()
  return () => {
    on = false
    clearTimeout(timer)
    drop()
  }

  async function connect(): Promise<void> {
    let fresh: PgClient | undefined
    try {
      fresh = await db.connect()
      const mine = fresh
      const lost = (): void => lose(mine)
      mine.on('error', lost)
      mine.on('end', lost)
      mine.on('notification', (message) => {
        const { payload } = message as { readonly payload: string }
        if (payload === `${process()}?`) clearTimeout(echo)
        else if (payload !== process()) heard()
      })
      client = mine
      await mine.query({ text: `LISTEN ${channel}` })
      if (!on) return drop()
      heard()
      // A pooler in transaction mode accepts LISTEN, but forwards no notifications. This timer detects such a pooler.
      echo = setTimeout(() => void silent(mine), ECHO)
      // The test notification is sent from another connection. A pooler may forward a notification to the listening
      // connection only while that connection runs a statement.
      await db.sql('SELECT 1 AS n FROM (SELECT pg_notify($1, $2)) x', [channel, `${process()}?`])
    } catch {
      if (fresh) lose(fresh)
      else later()
    }
  }

  /**
   * Handles a missing test notification. A slow server may still forward the notification, but a pooler in transaction
   * mode never does.
   */
  async function silent(mine: PgClient): Promise<void> {
    try {
      if (client !== mine || !(await isPooled(mine)) || client !== mine) return
      if (!told)
        warn(
          'postgresInbox: LISTEN does not work through this pooler, so tasks of other processes are found by polling (pollInterval); it is tried again each minute',
        )
      told = true
      drop()
      later(POOLER)
    } catch {
      lose(mine)
    }
  }

  function lose(which: PgClient): void {
    if (client !== undefined && client !== which) return
    drop()
    later()
  }

  function later(wait = AGAIN): void {
    clearTimeout(timer)
    if (on) timer = setTimeout(() => void connect(), wait)
  }

  function drop(): void {
    clearTimeout(echo)
    const gone = client
    client = undefined
    // The error makes the pool drop this connection. Otherwise the connection would still listen in the pool.
    gone?.release(new Error('listening is over'))
  }
}

/**
 * Returns true behind a pooler: then `client.processID`, which was sent at connect, is not the process id of the
 * server session that runs the query.
 */
async function isPooled(client: PgClient): Promise<boolean> {
  const { rows } = await client.query({ text: 'SELECT pg_catalog.pg_backend_pid() AS pid' })
  return rows[0]?.['pid'] !== client.processID
}
