import type { Engine } from './engine.ts'
import type { PgClient } from './pg.ts'

/** Hears of tasks that other processes stored. Only a hint: if it does not work (PgBouncer), polling finds them too. */
export interface Listen {
  start(): void
  stop(): void
}

// How long to wait before listening again after the connection broke, in milliseconds.
const AGAIN = 1000

/** Channel of a schema. */
export function channelOf(schema: string): string {
  return `postern_${schema}`
}

/** Makes the listener. `heard` is also called after each new connection, for tasks that were missed without one. */
export function createListen(engine: Engine, heard: () => void): Listen {
  const channel = channelOf(engine.settings.schema)
  let client: PgClient | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let on = false

  return {
    start() {
      if (on) return
      on = true
      void connect()
    },
    stop() {
      on = false
      clearTimeout(timer)
      drop()
    },
  }

  async function connect(): Promise<void> {
    let fresh: PgClient | undefined
    try {
      fresh = await engine.db.connect()
      const mine = fresh
      mine.on('error', () => lost(mine))
      mine.on('end', () => lost(mine))
      mine.on('notification', heard)
      client = mine
      await mine.query(`LISTEN ${channel}`)
      if (!on) return drop()
      heard()
    } catch {
      if (fresh) lost(fresh)
      else later()
    }
  }

  function lost(which: PgClient): void {
    if (client !== which) return
    drop()
    later()
  }

  function later(): void {
    if (on) timer = setTimeout(() => void connect(), AGAIN)
  }

  function drop(): void {
    const gone = client
    client = undefined
    // With an error, so that the pool drops the listening connection.
    gone?.release(new Error('listening is over'))
  }
}
