import { hash } from 'node:crypto'
import { createSemaphore, isA, memberOf, settledBy, within } from '@postern/core/inbox'
import pg from 'pg'
import type { Settings } from '../settings.ts'
import { boundClients, sendBound } from './bind.ts'
import { isPacked } from './columns.ts'
import { isUnprepared, lateError } from './errors.ts'
import { createSpareBytes } from './pack.ts'
import type { PgClient, PgPool, Sql } from './pg.ts'

/** PostgreSQL with a deadline for every statement: one that hangs has its connection dropped. */
export interface Database {
  /** Runs one statement on a connection of its own. `$.` in a text stands for the schema. */
  readonly sql: Sql
  /**
   * Runs in one transaction. If it has not ended after `time` milliseconds, its connection is dropped and it is rolled
   * back; only if its COMMIT was already sent it may be committed.
   */
  atomic<T>(time: number, run: (sql: Sql) => Promise<T> | T): Promise<T>
  /** The same for what the app writes, in its own isolation level; it leaves connections for all else. */
  commit<T>(time: number, run: (sql: Sql, client: PgClient) => Promise<T> | T): Promise<T>
  /** A client to keep. */
  connect(): Promise<PgClient>
  /** A statement for another's connection: with the schema in its place. */
  text(text: string): string
  close(until: number): Promise<void>
}

/** Makes it; it connects with the first statement. */
export function createDatabase(settings: Settings, warn: (message: string) => void): Database {
  const { deadline, schema } = settings
  const pool = settings.pool ?? createPool(settings)
  pool.on?.('connect', hear)
  const statements = new Map<string, { readonly text: string; readonly name: string }>()
  const spare = createSpareBytes()
  const writesBound = boundClients()
  const commits = createSemaphore(() => Math.max(1, Math.floor(sizeOf(pool, settings) / 2)))
  let { prepare } = settings

  return {
    sql: <T>(text: string, values?: unknown[]) =>
      use(deadline, (client) => query<T>(client, text, values)),
    // Statements after a lock must see what its last holder wrote.
    atomic: (time, run) => transaction(time, 'BEGIN ISOLATION LEVEL READ COMMITTED', run),
    async commit(time, run) {
      const until = performance.now() + time
      const place = commits.take()
      const wait = Promise.resolve(place)
      const late = (): Error => lateError('give a connection', time)
      const free = await within(wait, until, late, (given) => given())
      try {
        return await transaction(until - performance.now(), 'BEGIN', run)
      } finally {
        free()
      }
    },
    connect: () => checkout(deadline),
    text: (text) => statementOf(text).text,
    async close(until) {
      pool.off?.('connect', hear)
      if (!settings.pool) await settledBy(pool.end(), until)
    },
  }

  function transaction<T>(
    time: number,
    begin: string,
    run: (sql: Sql, client: PgClient) => Promise<T> | T,
  ): Promise<T> {
    return use(time, async (client) => {
      const limit = Math.max(1, Math.ceil(time))
      // The server has the same limit, so that a stopped process holds no locks. JIT takes a second over many lanes.
      await client.query({
        text: `${begin}; SET LOCAL jit = off; SET LOCAL statement_timeout = ${limit}; SET LOCAL idle_in_transaction_session_timeout = ${limit}`,
      })
      let result: T
      try {
        result = await run(
          <R>(text: string, values?: unknown[]) => query<R>(client, text, values),
          client,
        )
      } catch (error) {
        await client.query({ text: 'ROLLBACK' })
        throw new RolledBack(error)
      }
      await client.query({ text: 'COMMIT' })
      return result
    })
  }

  async function query<T>(
    client: PgClient,
    text: string,
    values?: unknown[],
  ): Promise<readonly T[]> {
    const statement = statementOf(text)
    if (values?.some(isPacked) && writesBound(client)) {
      const name = prepare ? statement.name : undefined
      return sendBound<T>(client, { text: statement.text, name, values }, spare)
    }
    const { rows } = await client.query({
      text: statement.text,
      ...(values && { values }),
      ...(prepare && { name: statement.name }),
    })
    return rows as readonly T[]
  }

  /** Nothing has happened if a statement was lost that its connection had prepared: it is done again, without. */
  async function use<T>(time: number, run: (client: PgClient) => Promise<T>): Promise<T> {
    const until = performance.now() + time
    const prepared = prepare
    try {
      return await once(time, run)
    } catch (error) {
      if (!(prepared && isUnprepared(error))) throw error
      if (prepare)
        warn(
          'postgresInbox: a pooler between loses prepared statements, so none are used from now on: set prepare: false, or max_prepared_statements of PgBouncer',
        )
      prepare = false
      return once(until - performance.now(), run)
    }
  }

  function statementOf(text: string) {
    let statement = statements.get(text)
    if (!statement) {
      const own = qualified(text).replaceAll('$.', `${schema}.`)
      // One name, one text, in every process: a pooler may hand us a connection on which another has prepared it.
      statement = { text: own, name: `postern_${hash('sha256', own, 'hex').slice(0, 32)}` }
      statements.set(text, statement)
    }
    return statement
  }

  async function once<T>(time: number, run: (client: PgClient) => Promise<T>): Promise<T> {
    const until = performance.now() + time
    const client = await checkout(time)
    let failure: Error | undefined
    // The running statement rejects with the same error.
    const fail = (): void => void (failure ??= new Error('the connection broke'))
    client.on('error', fail)
    try {
      const late = (): Error => lateError('answer', time)
      return await within(run(client), until, late)
    } catch (error) {
      if (isA(error, RolledBack)) throw error.cause
      // An error of a statement leaves its connection usable; after a deadline its state is unknown.
      if (!isOfServer(error)) failure = error as Error
      throw error
    } finally {
      client.removeListener('error', fail)
      client.release(failure)
    }
  }

  function checkout(time: number): Promise<PgClient> {
    const late = (): Error => lateError('give a connection', time)
    return within(pool.connect(), performance.now() + time, late, (client) => client.release())
  }
}

// What statements call, but what the grammar of SQL finds by itself (coalesce, greatest, least, extract, several arrays of unnest).
const FUNCTIONS =
  /(?<![\w.])(array_agg|bool_or|convert_from|count|current_setting|json_to_recordset|left|length|max|min|nextval|pg_advisory_xact_lock|pg_notify|pg_try_advisory_xact_lock|replace|row_number|pg_current_snapshot|starts_with|statement_timestamp|sum)\(/g

/** Functions of other schemas must not go before those of PostgreSQL, whatever the search_path of the role. */
function qualified(text: string): string {
  return text.replaceAll(FUNCTIONS, 'pg_catalog.$1(')
}

/**
 * A session may end in the moment in which it is ready: its pool does not listen any more then, nobody else does yet, and an
 * error that nobody hears ends the process. The first statement reports it.
 */
function hear(client: PgClient): void {
  client.on('error', () => {})
}

/** After its cause the transaction was rolled back in order, and its connection is good. */
class RolledBack extends Error {
  constructor(cause: unknown) {
    super('rolled back', { cause })
  }
}

/** True for an error that PostgreSQL sent about one statement. */
function isOfServer(error: unknown): boolean {
  return memberOf(error, 'severity') === 'ERROR'
}

/** How many clients it may have; the 10 of `pg` if it does not say. */
function sizeOf(pool: PgPool, { maxConnections, pool: given }: Settings): number {
  return given ? (pool.options?.max ?? 10) : maxConnections
}

function createPool({ connectionString, maxConnections, deadline }: Settings): PgPool {
  const pool = new pg.Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: deadline,
    application_name: 'postern',
    keepAlive: true,
  })
  // Idle connections break when the server goes; the next statement reports it.
  pool.on('error', () => {})
  return pool as unknown as PgPool
}
