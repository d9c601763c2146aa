import { settledBy } from '@postern/core/inbox'
import { PgBoss } from 'pg-boss'
import { createDatabase, type Database } from './connection.ts'
import { closedError } from './errors.ts'
import type { PgExecutor } from './pg.ts'
import { createQueues, type Queues } from './names.ts'
import { check, migrate } from './schema.ts'
import type { Settings } from './settings.ts'

/** One schema and its parts in this process, for all receivers. */
export interface Engine {
  readonly settings: Settings
  readonly db: Database
  readonly queues: Queues
  /** pg-boss, once it is {@link ready}. */
  readonly boss: PgBoss
  /** True once `ready` has resolved: there is nothing to wait for. */
  readonly started: boolean
  /** Resolves when pg-boss runs and the tables exist. After a failure the next call tries again. */
  ready(): Promise<void>
  /** Hear the errors and warnings of pg-boss. */
  readonly listeners: Set<(message: string) => void>
  close(): Promise<void>
}

// Installing pg-boss can take long on a slow disk, or wait for another process that installs it.
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
      // pg-boss writes that it stopped; an unreachable database must not delay that.
      if (boss && !settings.boss)
        await settledBy(boss.stop({ graceful: false, close: false }), Date.now() + STOPPING)
      await db.close()
    },
  }
  return engine

  async function start(): Promise<void> {
    // A query with a deadline first: pg-boss itself would wait for a server that hangs.
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

  /** One process at a time: if several install pg-boss at once, all but one fail. */
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
