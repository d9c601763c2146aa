import { settledBy } from '@postern/core/inbox'
import { PgBoss } from 'pg-boss'
import { createDatabase, type Database } from './connection.ts'
import { closedError } from './errors.ts'
import type { PgExecutor } from './pg.ts'
import { createQueues, type Queues } from './names.ts'
import { check, migrate } from './schema.ts'
import type { Settings } from './settings.ts'

/** One schema and all that works on it in this process, for all receivers. */
export interface Engine {
  readonly settings: Settings
  readonly db: Database
  readonly queues: Queues
  /** pg-boss, once it is {@link ready}. */
  readonly boss: PgBoss
  /** True once `ready` has resolved: there is nothing to wait for. */
  readonly started: boolean
  /** Resolves when pg-boss runs and the tables are there. Where that failed, the next call tries again. */
  ready(): Promise<void>
  /** What pg-boss reports goes to these. */
  readonly listeners: Set<(message: string) => void>
  close(): Promise<void>
}

// Installing pg-boss takes its time on a slow disk, and another process may be at it.
const INSTALL = 60_000
// How long stopping it may take, in milliseconds.
const STOPPING = 2000

/** Makes an engine. It connects when it is first asked. */
export function createEngine(settings: Settings): Engine {
  const db = createDatabase(settings)
  const listeners = new Set<(message: string) => void>()
  let boss = settings.boss
  let starting: Promise<void> | undefined
  let started = false
  let closed = false
  const engine: Engine = {
    settings,
    db,
    listeners,
    queues: createQueues(settings.schema, db),
    get boss() {
      if (!boss) throw closedError()
      return boss
    },
    get started() {
      return started
    },
    ready() {
      if (closed) return Promise.reject(closedError())
      starting ??= start().catch((error: unknown) => {
        starting = undefined
        throw error
      })
      return starting
    },
    async close() {
      closed = true
      // It writes down that it stopped; a database that is away must not hold that up.
      if (boss && !settings.boss)
        await settledBy(boss.stop({ graceful: false, close: false }), Date.now() + STOPPING)
      await db.close()
    },
  }
  return engine

  async function start(): Promise<void> {
    // Asked first: pg-boss itself would wait for a server that hangs.
    await db.executeSql('SELECT 1')
    await alone(async (client) => {
      if (!settings.boss) {
        boss ??= createBoss()
        await boss.start()
      }
      await (settings.migrate ? migrate(client, settings.schema) : check(client, settings.schema))
    })
    await engine.queues.load()
    started = true
  }

  /** One process at a time: of several that install pg-boss at once, all but one would fail. */
  function alone(run: (client: PgExecutor) => Promise<void>): Promise<void> {
    return db.transaction(INSTALL, async (client) => {
      await client.executeSql('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
        `postern ${settings.schema}`,
      ])
      await run(client)
    })
  }

  function createBoss(): PgBoss {
    const made = new PgBoss({
      db: db.patient,
      schema: settings.schema,
      migrate: settings.migrate,
      createSchema: settings.migrate,
      schedule: false,
    })
    const tell = (message: string): void => {
      for (const listener of listeners) listener(message)
    }
    made.on('error', (error) => tell(`pg-boss: ${error.message}`))
    made.on('warning', ({ message }) => tell(`pg-boss: ${message}`))
    return made
  }
}
