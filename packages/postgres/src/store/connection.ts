import { hash } from 'node:crypto'
import { createConnections, guestOf, guestRows, memberOf, settledBy } from '@postern/core/engine'
import pg from 'pg'
import type { Settings } from '../settings.ts'
import {
  isPacked,
  plainValue,
  writeParts,
  type Column,
  createSpareBytes,
  type SpareBytes,
} from './pack.ts'
import { errors, isUnprepared } from './errors.ts'
import type { PgClient, PgPool, Sql } from './pg.ts'

/** A PostgreSQL database with a deadline for every statement. If a statement hangs, its connection is dropped. */
export interface Database {
  /** Runs one statement on a separate connection. `$.` is replaced by the schema. */
  readonly sql: Sql
  /**
   * Runs a transaction of the inbox. After `time` milliseconds, the connection is dropped. The transaction then rolls
   * back, unless COMMIT was already sent.
   */
  atomic<T>(time: number, run: (sql: Sql) => Promise<T> | T): Promise<T>
  /** Runs a transaction of the app, in the default isolation level. Some connections stay free for other work. */
  commit<T>(time: number, run: (sql: Sql, client: PgClient) => Promise<T> | T): Promise<T>
  /** Returns a client that the caller keeps. */
  connect(): Promise<PgClient>
  /** Runs statements in a transaction of the app. They are never prepared, since the app owns the connection. */
  guest(transaction: unknown): Sql
  close(until: number): Promise<void>
}

/** The returned database connects with the first statement. */
export function createDatabase(settings: Settings, warn: (message: string) => void): Database {
  const { deadline, schema } = settings
  const pool = settings.pool ?? createPool(settings)
  pool.on?.('connect', hear)
  const statements = new Map<string, { readonly text: string; readonly name: string }>()
  const spare = createSpareBytes()
  const writesBound = boundClients()
  let { prepare } = settings
  const connections = createConnections<PgClient>({
    connect: () => pool.connect(),
    release: (client, failure) => client.release(failure),
    watch(client, fail) {
      client.on('error', fail)
      return () => client.removeListener('error', fail)
    },
    begin(client, time, whose) {
      const limit = Math.max(1, Math.ceil(time))
      // READ COMMITTED: statements after a lock must see what the last holder of the lock wrote. READ ONLY: the server
      // rejects every write.
      const own = `BEGIN ISOLATION LEVEL READ COMMITTED${settings.readOnly ? ' READ ONLY' : ''}`
      const begin = whose === 'inbox' ? own : 'BEGIN'
      // The server enforces the same time limit, so that a stopped process holds no locks. JIT is off, since it takes a
      // second for many subscriptions.
      return client.query({
        text: `${begin}; SET LOCAL jit = off; SET LOCAL statement_timeout = ${limit}; SET LOCAL idle_in_transaction_session_timeout = ${limit}`,
      })
    },
    end: (client, how) => client.query({ text: how }),
    isOfServer: (error) => memberOf(error, 'severity') === 'ERROR',
    late: errors.late,
    // The default of `pg` is 10.
    size: () => (settings.pool ? (pool.options?.max ?? 10) : settings.maxConnections),
    attempt() {
      const prepared = prepare
      return (error) => {
        // If the pooler lost a prepared statement, nothing was executed, so another try is safe.
        if (!(prepared && isUnprepared(error))) return false
        if (prepare)
          warn(
            'postgresInbox: a connection pooler loses prepared statements, so none are used from now on: set prepare: false, or max_prepared_statements of PgBouncer',
          )
        prepare = false
        return true
      }
    },
  })
  const within =
    (client: PgClient): Sql =>
    (text, values) =>
      query(client, text, values)

  return {
    sql: <T>(text: string, values?: unknown[]) =>
      settings.readOnly
        ? connections.atomic(deadline, (client) => query<T>(client, text, values))
        : connections.use(deadline, (client) => query<T>(client, text, values)),
    atomic: (time, run) => connections.atomic(time, (client) => run(within(client))),
    commit: (time, run) => connections.commit(time, (client) => run(within(client), client)),
    connect: () => connections.checkout(deadline),
    guest(transaction) {
      const run = guestOf(transaction, 'a client of pg')
      return async <T>(text: string, values: unknown[] = []) =>
        guestRows<T>(await run(statementOf(text).text, values.map(plainValue)))
    },
    async close(until) {
      pool.off?.('connect', hear)
      if (!settings.pool) await settledBy(pool.end(), until)
    },
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

  function statementOf(text: string) {
    let statement = statements.get(text)
    if (!statement) {
      const own = qualified(text).replaceAll('$.', `${schema}.`)
      // The name is a hash of the text. Through a pooler, another process may have prepared the same statement on the
      // same connection.
      statement = { text: own, name: `postern_${hash('sha256', own, 'hex').slice(0, 32)}` }
      statements.set(text, statement)
    }
    return statement
  }
}

// Functions in the statements, without those that are part of SQL's grammar: coalesce, greatest, least, extract, and
// unnest of several arrays.
const FUNCTIONS =
  /(?<![\w.])(array_agg|bool_or|convert_from|count|current_setting|floor|json_to_recordset|left|length|max|min|nextval|pg_advisory_xact_lock|pg_notify|pg_try_advisory_xact_lock|replace|row_number|pg_current_snapshot|starts_with|statement_timestamp|sum)\(/g

/** Adds `pg_catalog.` to function names, so that no function of another schema is called through `search_path`. */
function qualified(text: string): string {
  return text.replaceAll(FUNCTIONS, 'pg_catalog.$1(')
}

/**
 * Adds an empty listener, since an `error` event without a listener ends the process. The next statement reports the
 * error.
 */
function hear(client: PgClient): void {
  client.on('error', () => {})
}

function createPool({ connectionString, maxConnections, deadline }: Settings): PgPool {
  const pool = new pg.Pool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: deadline,
    application_name: 'postern',
    keepAlive: true,
  })
  // When the server ends, idle connections break. The next statement reports the error.
  pool.on('error', () => {})
  return pool as unknown as PgPool
}

/**
 * Returns a function that tells whether {@link sendBound} can write the queries of a client. The client must come from
 * the copy of `pg` that this package imports. In addition, this release of `pg` must call `bind` of its connection. For
 * other clients, `pg` writes the queries itself.
 */
function boundClients(): (client: unknown) => boolean {
  let asked = false
  const connection = new Proxy(
    { parsedStatements: {}, submittedNamedStatements: {}, stream: {}, bind: () => (asked = true) },
    { get: (target, name) => (name in target ? target[name as keyof typeof target] : () => {}) },
  )
  try {
    new pg.Query({ text: 'SELECT 1', queryMode: 'extended' } as pg.QueryConfig).submit(
      connection as never,
    )
  } catch {
    asked = false
  }
  return (client) => asked && client instanceof pg.Client
}

/** Writes parameters into reused memory. `pg` would convert arrays to texts, and copy all bytes twice. */
function sendBound<T>(
  client: PgClient,
  {
    text,
    name,
    values,
  }: {
    readonly text: string
    /** Name of the prepared statement. If undefined, the statement is not prepared. */
    readonly name: string | undefined
    readonly values: readonly unknown[]
  },
  spare: SpareBytes,
): Promise<readonly T[]> {
  const message = bindMessage(name ?? '', values, spare)
  return new Promise((resolve, reject) => {
    const query = new pg.Query({
      text,
      ...(name !== undefined && { name }),
      queryMode: 'extended',
      callback(error: Error | undefined, result: { readonly rows: readonly T[] }) {
        if (error) return reject(error)
        // The server has answered, so it has read the message. The memory of the message can be reused.
        spare.giveBack(message)
        resolve(result.rows)
      },
    } as pg.QueryConfig)
    const { submit } = query
    query.submit = (connection) => {
      const { stream } = connection
      const bind = (): boolean => stream.writable && stream.write(message)
      return submit.call(query, Object.create(connection, { bind: { value: bind } }) as never)
    }
    void client.query(query as never)
  })
}

// Type numbers of PostgreSQL: https://www.postgresql.org/docs/current/catalog-pg-type.html
const OIDS: Readonly<Record<Column['type'], number>> = {
  int2: 21,
  int4: 23,
  int8: 20,
  text: 25,
  uuid: 2950,
}
const BIND = 66
const MISSING = -1
const STEP = 64 * 1024

/**
 * Writes a Bind message (https://www.postgresql.org/docs/current/protocol-message-formats.html). The message asks for
 * results as text.
 */
function bindMessage(statement: string, values: readonly unknown[], spare: SpareBytes): Buffer {
  const room = values.reduce<number>((sum, value) => sum + roomOf(value), 20 + statement.length)
  const out = spare.take(Math.ceil(room / STEP) * STEP)
  out[0] = BIND
  // The empty name of the unnamed portal.
  out[5] = 0
  let at = 6 + out.write(statement, 6, 'latin1')
  out[at++] = 0
  at = out.writeInt16BE(values.length, at)
  for (const value of values) at = out.writeInt16BE(isPacked(value) ? 1 : 0, at)
  at = out.writeInt16BE(values.length, at)
  for (const value of values) {
    const from = at + 4
    at = writeValue(out, from, value)
    out.writeInt32BE(at - from, from - 4)
  }
  at = out.writeInt16BE(0, at)
  out.writeInt32BE(at - 1, 1)
  return out.subarray(0, at)
}

/** Returns the maximum number of bytes for a value, including its length and format. */
function roomOf(value: unknown): number {
  if (!isPacked(value)) return 6 + 3 * String(value).length
  if ('parts' in value) return 6 + value.size
  let room = 26
  for (const each of value.values) room += typeof each === 'string' ? 4 + 3 * each.length : 12
  return room
}

function writeValue(out: Buffer, at: number, value: unknown): number {
  if (!isPacked(value)) return at + out.write(String(value), at)
  return 'parts' in value ? writeParts(out, at, value.parts) : writeColumn(out, at, value)
}

/** Writes an array with one dimension, whose indexes start at 1. */
function writeColumn(out: Buffer, from: number, { type, values }: Column): number {
  let at = out.writeInt32BE(values.length === 0 ? 0 : 1, from)
  at = out.writeInt32BE(values.includes(null) ? 1 : 0, at)
  at = out.writeInt32BE(OIDS[type], at)
  if (values.length === 0) return at
  at = out.writeInt32BE(values.length, at)
  at = out.writeInt32BE(1, at)
  for (const value of values) {
    if (value === null) {
      at = out.writeInt32BE(MISSING, at)
      continue
    }
    const start = at + 4
    at = writeElement(out, start, type, value)
    out.writeInt32BE(at - start, start - 4)
  }
  return at
}

function writeElement(
  out: Buffer,
  at: number,
  type: Column['type'],
  value: number | string,
): number {
  if (typeof value === 'string') return at + out.write(value, at, type === 'uuid' ? 'hex' : 'utf8')
  if (type === 'int2') return out.writeInt16BE(value, at)
  if (type === 'int4') return out.writeInt32BE(value, at)
  return out.writeUInt32BE(value >>> 0, out.writeInt32BE(Math.floor(value / 2 ** 32), at))
}
