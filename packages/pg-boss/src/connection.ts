import { settledBy, within } from '@postern/core/inbox'
import pg from 'pg'
import { lateError } from './errors.ts'
import type { PgClient, PgExecutor, PgPool } from './pg.ts'
import type { Settings } from './settings.ts'

/** PostgreSQL with a deadline for every call: a server that hangs must not make a delivery hang. */
export interface Database extends PgExecutor {
  /** Runs one statement; rejects after the deadline of the settings. */
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
  /**
   * Runs the function in one transaction. If it has not ended after `time` milliseconds, the connection is dropped and
   * its writes are rolled back; if the COMMIT was already sent, the transaction may be committed. JIT is off: compiling a
   * statement over many queues takes a second, and running it a few milliseconds.
   */
  transaction<T>(time: number, run: (client: PgExecutor) => Promise<T>, last?: string): Promise<T>
  /** The same with the client itself, for the application's own writes. */
  open<T>(time: number, run: (client: PgClient) => Promise<T>): Promise<T>
  /** The same as `executeSql` with a deadline of a minute: for the installation and upkeep of pg-boss. */
  readonly patient: PgExecutor
  /** A client to keep. */
  connect(): Promise<PgClient>
  close(): Promise<void>
}

const PATIENCE = 60_000
// How long closing waits for the server, in milliseconds.
const CLOSING = 2000

/** Makes it; it connects with the first call. */
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
        // The server has the same timeout, so that a stopped process holds no locks.
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

/** A client in the shape that pg-boss takes. */
export function executor(client: Pick<PgClient, 'query'>): PgExecutor {
  return { executeSql: (text, values) => client.query(text, values) }
}

// Errors that leave the connection usable.
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

/** Gives the client back to its pool; a failed one is dropped, since the state of its connection is unknown. */
async function release<T>(client: PgClient, run: () => Promise<T>): Promise<T> {
  let failure: Error | undefined
  // The running statement rejects with the same error.
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
