import { settledBy, within } from '@postern/core/inbox'
import pg from 'pg'
import { lateError } from './errors.ts'
import type { PgClient, PgExecutor, PgPool } from './pg.ts'
import type { Settings } from './settings.ts'

/** PostgreSQL with an end to every wait: a server that hangs must not make a delivery hang. */
export interface Database extends PgExecutor {
  /** Runs one statement; rejects after the deadline of the settings. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
  /**
   * Runs what is given in one transaction. Where it is not over after `time` milliseconds the connection is dropped,
   * and with it what was written, unless the COMMIT was on its way: then either may have happened. PostgreSQL compiles
   * nothing in it: for a statement over many queues that takes a second, and running it a few milliseconds.
   */
  transaction<T>(time: number, run: (client: PgExecutor) => Promise<T>, last?: string): Promise<T>
  /** The same with the client itself, for what applications do in it. */
  open<T>(time: number, run: (client: PgClient) => Promise<T>): Promise<T>
  /** The same as `executeSql` with a minute's time: for pg-boss, whose installation and upkeep may take theirs. */
  readonly patient: PgExecutor
  /** A client to keep. */
  connect(): Promise<PgClient>
  close(): Promise<void>
}

const PATIENCE = 60_000
// How long closing waits for the server, in milliseconds.
const CLOSING = 2000

/** Connects, when there is something to do. */
export function createDatabase(settings: Settings): Database {
  const { deadline } = settings
  const own = settings.pool === undefined
  const pool = settings.pool ?? createPool(settings)

  return {
    executeSql: (text, values) => use(deadline, (client) => client.query(text, values)),
    patient: {
      executeSql: (text, values) => use(PATIENCE, (client) => client.query(text, values)),
    },
    transaction: (time, run, last = '') =>
      use(time, async (client) => {
        // The server gives up as well, so that a process that was stopped holds no locks.
        const limit = Math.ceil(time)
        await client.query(
          `BEGIN; SET LOCAL jit = off; SET LOCAL statement_timeout = ${limit}; SET LOCAL idle_in_transaction_session_timeout = ${limit}`,
        )
        return finish(client, () => run(executor(client)), last)
      }),
    open: (time, run) =>
      use(time, async (client) => {
        await client.query('BEGIN')
        return finish(client, () => run(client), '')
      }),
    connect: () => checkout(deadline),
    async close() {
      if (own) await settledBy(pool.end(), Date.now() + CLOSING)
    },
  }

  async function use<T>(time: number, run: (client: PgClient) => Promise<T>): Promise<T> {
    const until = Date.now() + time
    const client = await checkout(time)
    return release(client, () => within(run(client), until, () => lateError('answer', time)))
  }

  function checkout(time: number): Promise<PgClient> {
    const late = (): Error => lateError('give a connection', time)
    return within(pool.connect(), Date.now() + time, late, (client) => client.release())
  }
}

/** Statements of a client, in the shape pg-boss takes. */
export function executor(client: Pick<PgClient, 'query'>): PgExecutor {
  return { executeSql: (text, values) => client.query(text, values) }
}

// Errors after which the connection is as it was.
const rolledBack = new WeakSet<Error>()

async function finish<T>(client: PgClient, run: () => Promise<T>, last: string): Promise<T> {
  let result: T
  try {
    result = await run()
  } catch (error) {
    await client.query('ROLLBACK')
    if (error instanceof Error) rolledBack.add(error)
    throw error
  }
  await client.query(`${last}COMMIT`)
  return result
}

/** Gives the client back; one that failed is dropped, since what is left on its connection is not known. */
async function release<T>(client: PgClient, run: () => Promise<T>): Promise<T> {
  let failure: Error | undefined
  // The statement that is under way rejects with the same error.
  const fail = (): void => void (failure ??= new Error('the connection broke'))
  client.on('error', fail)
  try {
    return await run()
  } catch (error) {
    if (!rolledBack.has(error as Error)) failure = error as Error
    throw error
  } finally {
    client.removeListener('error', fail)
    client.release(failure)
  }
}

function createPool(settings: Settings): PgPool {
  const pool = new pg.Pool({
    connectionString: settings.connectionString,
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.deadline,
    application_name: 'postern',
    keepAlive: true,
  })
  // Idle connections break when the server goes; the next statement reports it.
  pool.on('error', () => {})
  return pool as PgPool
}
