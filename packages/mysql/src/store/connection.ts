import { createConnections, guestOf, guestRows, settledBy, within } from '@postern/core/engine'
import mysql from 'mysql2'
import type { Settings } from '../settings.ts'
import { bytesOf, readRows } from '../sql/lines.ts'
import { errors, isOfServer } from './errors.ts'

/**
 * Runs statements. A value replaces each `?`, and the name of the database replaces `$.`. Numbers, and bytes that are
 * elements of a list, are written into the text of the statement.
 */
export interface Sql {
  rows<T = Row>(text: string, values?: readonly Value[]): Promise<readonly T[]>
  /** Runs a statement and returns what it changed, or undefined in a transaction of the app. */
  run(text: string, values?: readonly Value[]): Promise<Done | undefined>
}

export type Row = Readonly<
  Record<
    'at' | 'event' | 'id' | 'lane' | 'line' | 'n' | 'root' | 'token' | 'turn' | 'version',
    number
  >
>

/** A value for a `?` of a statement. Strings are sent as bytes. */
export type Value = string | number | Uint8Array | null

interface Done {
  /** Number of changed rows. For `ON DUPLICATE KEY UPDATE`, the number is right only if `Database.counts` is true. */
  readonly changed: number
  /** The AUTO_INCREMENT number that the statement generated. */
  readonly id: number
}

/** A database with a deadline for every statement. A statement that hangs is killed, and its connection dropped. */
export interface Database extends Sql {
  /**
   * True if `Done.changed` counts only rows that `ON DUPLICATE KEY UPDATE` inserted or changed, not rows that stayed
   * the same.
   */
  readonly counts: boolean
  /** True if an open transaction of `commit` sees the writes that other transactions commit after its start. */
  readonly fresh: boolean
  /** Runs a transaction in READ COMMITTED: statements after a lock must see what the last holder of the lock wrote. */
  atomic<T>(time: number, run: (sql: Sql) => Promise<T> | T): Promise<T>
  /** Runs a transaction in which the app writes, in the default isolation level of the server. */
  commit<T>(time: number, run: (sql: Sql, client: Client) => Promise<T> | T): Promise<T>
  /** Runs several statements on one connection, without a transaction. */
  session<T>(time: number, run: (sql: Sql) => Promise<T>): Promise<T>
  /** Runs statements in a transaction of the app. They are never prepared, and return no number of changes. */
  guest(transaction: unknown): Sql
  /** Sets the database of the tables, and the default isolation level of the server. */
  found(database: string, isolation: string): void
  close(until: number): Promise<void>
}

// These types describe only shapes, since a pool of the app may come from another copy of `mysql2`.
interface Client {
  readonly threadId?: number | null
  query(options: object, done: (error: unknown, result: unknown) => void): unknown
  execute(options: object, done: (error: unknown, result: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(): void
  destroy(): void
}

/** The transaction that `task.commit` passes to `write`. It commits the writes together with the end of the task. */
export interface MysqlTransaction {
  /** Runs one statement. */
  readonly query: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
  /** The connection of the transaction, for a query builder: a `PoolConnection` of `mysql2`. */
  readonly client: unknown
}

interface Pool {
  readonly config?: { readonly connectionLimit?: number }
  getConnection(done: (error: unknown, client: Client) => void): void
  end(done: () => void): void
  on(event: 'connection', listener: (client: Client) => void): unknown
}

const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED'

/** The returned database connects with the first statement. */
export function createDatabase(settings: Settings): Database {
  const { deadline, prepare } = settings
  const given = settings.pool && ((settings.pool.pool ?? settings.pool) as Pool)
  const pool = given ?? createPool(settings)
  let place = settings.database === undefined ? '' : `${settings.database}.`
  let isolation = 'REPEATABLE READ'
  // Cached texts of statements with values. There are only few such statements.
  const texts = new Map<string, string>()
  const connections = createConnections<Client>({
    connect,
    release(client, failure) {
      if (!failure) return client.release()
      client.destroy()
      kill(client.threadId)
    },
    watch(client, fail) {
      client.on('error', fail)
      return () => client.removeListener('error', fail)
    },
    async begin(client, _, whose) {
      // Connections from the inbox's own pool are already in READ COMMITTED.
      if (whose === 'inbox' && given) await send(client, 'query', READ_COMMITTED)
      if (whose === 'app' && !given)
        await send(client, 'query', `SET TRANSACTION ISOLATION LEVEL ${isolation}`)
      const isRead = whose === 'inbox' && settings.readOnly
      await send(client, 'query', isRead ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION')
    },
    // If a statement waits too long for a lock, the server leaves its transaction open. So this transaction needs a
    // ROLLBACK too.
    end: (client, how) => send(client, 'query', how),
    isOfServer,
    late: errors.late,
    size: () => (given ? (given.config?.connectionLimit ?? 10) : settings.maxConnections),
  })
  // For a read-only inbox, each statement runs in a read-only transaction, in which the server rejects every write.
  const single = <T>(run: (sql: Sql) => Promise<T>): Promise<T> =>
    connections[settings.readOnly ? 'atomic' : 'use'](deadline, (client) => run(sqlOf(client)))

  return {
    counts: !given,
    get fresh() {
      return isolation === 'READ COMMITTED' && !given
    },
    rows: <T>(text: string, values?: readonly Value[]) =>
      single((sql) => sql.rows<T>(text, values)),
    run: (text, values) => single((sql) => sql.run(text, values)),
    atomic: (time, run) => connections.atomic(time, (client) => run(sqlOf(client))),
    commit: (time, run) => connections.commit(time, (client) => run(sqlOf(client), client)),
    session: (time, run) => connections.use(time, (client) => run(sqlOf(client))),
    guest(transaction) {
      const run = guestOf(transaction, 'a connection of mysql2/promise')
      const ask = (text: string, values: readonly Value[] = []): PromiseLike<unknown> =>
        run(placed(text), values.map(asBytes))
      return {
        rows: async (text, values) => readRows(guestRows<object>(await ask(text, values))),
        run: async (text, values) => void (await ask(text, values)) as undefined,
      }
    },
    found(database, level) {
      place = `${quotedName(database)}.`
      isolation = level
      texts.clear()
    },
    async close(until) {
      if (!given) await settledBy(new Promise<void>((resolve) => pool.end(resolve)), until)
    },
  }

  function sqlOf(client: Client): Sql {
    return {
      rows: async (text, values) => readRows((await ask(client, text, values)) as object[]),
      async run(text, values) {
        const { affectedRows, insertId } = (await ask(client, text, values)) as {
          readonly affectedRows: number
          readonly insertId: number
        }
        return { changed: affectedRows, id: insertId }
      },
    }
  }

  /**
   * Prepares only statements with values. Other statements contain numbers as literals, so there are too many different
   * texts to prepare.
   */
  function ask(client: Client, text: string, values?: readonly Value[]): Promise<unknown> {
    if (!values) return send(client, 'query', placed(text))
    let own = texts.get(text)
    if (own === undefined) texts.set(text, (own = placed(text)))
    return send(client, prepare ? 'execute' : 'query', own, values.map(asBytes))
  }

  function placed(text: string): string {
    return text.replaceAll('$.', () => place)
  }

  function connect(): Promise<Client> {
    return new Promise((resolve, reject) => {
      pool.getConnection((error, client) => (error ? reject(error as Error) : resolve(client)))
    })
  }

  /** Ends a connection on the server. Without KILL, its statement would continue and keep its locks. */
  function kill(thread: number | null | undefined): void {
    if (thread == null) return
    const killed = connect().then(async (client) => {
      try {
        const until = performance.now() + deadline
        await within(send(client, 'query', `KILL ${thread}`), until, () =>
          errors.late('kill', deadline),
        )
        client.release()
      } catch (error) {
        // If the server replied with an error, such as 1094 (the connection has already ended),
        // this client still works.
        if (isOfServer(error)) client.release()
        else client.destroy()
      }
    })
    // If KILL fails, the connection ends after its statement.
    killed.catch(() => {})
  }
}

export function quotedName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** Returns a string as bytes, so that neither the connection's charset nor an escape changes it. */
function asBytes(value: Value): unknown {
  return typeof value === 'string' ? bytesOf(value) : value
}

/** Runs a statement. Sets options that the app's pool may have set differently. */
function send(
  client: Client,
  how: 'query' | 'execute',
  sql: string,
  values: readonly unknown[] = [],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { sql, values, rowsAsArray: false, nestTables: false, typeCast: true }
    client[how](options, (error, result) => (error ? reject(error as Error) : resolve(result)))
  })
}

export function transactionOf(client: Client): MysqlTransaction {
  return {
    async query(text, values = []) {
      const result = await send(client, 'query', text, values)
      return { rows: Array.isArray(result) ? result : [] }
    },
    client,
  }
}

function createPool({ connectionString, maxConnections, deadline }: Settings): Pool {
  const pool = mysql.createPool({
    uri: connectionString!.replace(/^mariadb:/, 'mysql:'),
    connectionLimit: maxConnections,
    maxIdle: maxConnections,
    connectTimeout: Math.min(deadline, 10_000),
    charset: 'utf8mb4_bin',
    // Without FOUND_ROWS, the server does not count rows that a statement left unchanged (see `Database.counts`).
    flags: ['-FOUND_ROWS'],
    enableKeepAlive: true,
  } as mysql.PoolOptions) as unknown as Pool
  const seconds = Math.max(1, Math.ceil(deadline / 1000))
  const session = [
    `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = ${seconds}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    // Makes MariaDB end the transactions of a stopped process, which frees their locks. MySQL has no such limit.
    `/*M! SET SESSION idle_transaction_timeout = ${seconds + 1} */`,
  ]
  pool.on('connection', (client) => {
    // When the server ends, idle connections break. The next statement reports the error.
    client.on('error', () => {})
    for (const sql of session) client.query({ sql }, () => {})
  })
  return pool
}
