import { createConnections, guestOf, guestRows, settledBy, within } from '@postern/core/engine'
import mysql from 'mysql2'
import type { Settings } from '../settings.ts'
import { bytesOf, readRows } from '../sql/lines.ts'
import { errors, isOfServer } from './errors.ts'

/**
 * Runs statements on one connection. `?` is replaced by a value, and `$.` by the database; numbers and bytes of lists are in the
 * text as literals.
 */
export interface Sql {
  rows<T = Row>(text: string, values?: readonly Value[]): Promise<readonly T[]>
  /** Returns what the statement changed; undefined in a transaction of the app. */
  run(text: string, values?: readonly Value[]): Promise<Done | undefined>
}

/** A row whose columns are numbers. */
export type Row = Readonly<
  Record<
    'at' | 'event' | 'id' | 'lane' | 'line' | 'n' | 'root' | 'token' | 'turn' | 'version',
    number
  >
>

/** A value of a statement. Strings are sent as bytes. */
export type Value = string | number | Uint8Array | null

interface Done {
  /** Number of changed rows. For `ON DUPLICATE KEY UPDATE` it counts only with `Database.counts`. */
  readonly changed: number
  /** The AUTO_INCREMENT number that the statement made. */
  readonly id: number
}

/** MySQL with a deadline for every statement. A statement that hangs is killed, and its connection is dropped. */
export interface Database extends Sql {
  /** True if `Done.changed` leaves out rows that `ON DUPLICATE KEY UPDATE` did not change. */
  readonly counts: boolean
  /** True if a transaction of `commit` sees what others commit while it is open. */
  readonly fresh: boolean
  /** Runs a transaction in READ COMMITTED: statements after a lock must see what its last holder wrote. */
  atomic<T>(time: number, run: (sql: Sql) => Promise<T> | T): Promise<T>
  /** Runs a transaction in which the app writes, in the isolation level of the server. */
  commit<T>(time: number, run: (sql: Sql, client: Client) => Promise<T> | T): Promise<T>
  /** Runs several statements on one connection, without a transaction. */
  session<T>(time: number, run: (sql: Sql) => Promise<T>): Promise<T>
  /** Statements in a transaction of the app: never prepared, and without a count of changes. */
  guest(transaction: unknown): Sql
  /** Sets the database of the tables and the isolation level of the server. */
  found(database: string, isolation: string): void
  close(until: number): Promise<void>
}

// By shape: a pool of the app may come from another copy of `mysql2`.
interface Client {
  readonly threadId?: number | null
  query(options: object, done: (error: unknown, result: unknown) => void): unknown
  execute(options: object, done: (error: unknown, result: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(): void
  destroy(): void
}

/** The transaction that `task.commit` passes to `write`: it commits the writes together with the end of the task. */
export interface MysqlTransaction {
  /** Runs one statement. */
  readonly query: (
    text: string,
    values?: readonly unknown[],
  ) => Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
  /** The connection itself: a `PoolConnection` of `mysql2`, for a query builder. */
  readonly client: unknown
}

interface Pool {
  readonly config?: { readonly connectionLimit?: number }
  getConnection(done: (error: unknown, client: Client) => void): void
  end(done: () => void): void
  on(event: 'connection', listener: (client: Client) => void): unknown
}

const READ_COMMITTED = 'SET TRANSACTION ISOLATION LEVEL READ COMMITTED'

/** Makes a {@link Database}, which connects with the first statement. */
export function createDatabase(settings: Settings): Database {
  const { deadline, prepare } = settings
  const given = settings.pool && ((settings.pool.pool ?? settings.pool) as Pool)
  const pool = given ?? createPool(settings)
  let place = settings.database === undefined ? '' : `${settings.database}.`
  let isolation = 'REPEATABLE READ'
  // Statements with values: there are few of them.
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
      // Connections of the inbox's own pool have READ COMMITTED already.
      if (whose === 'inbox' && given) await send(client, 'query', READ_COMMITTED)
      if (whose === 'app' && !given)
        await send(client, 'query', `SET TRANSACTION ISOLATION LEVEL ${isolation}`)
      const isRead = whose === 'inbox' && settings.readOnly
      await send(client, 'query', isRead ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION')
    },
    // A statement that waited too long for a lock leaves its transaction open: it needs a ROLLBACK too.
    end: (client, how) => send(client, 'query', how),
    isOfServer,
    late: errors.late,
    size: () => (given ? (given.config?.connectionLimit ?? 10) : settings.maxConnections),
  })
  // In a read-only transaction the server rejects every write.
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
      place = `\`${database.replaceAll('`', '``')}\`.`
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

  /** Prepares only statements with values, since others contain their numbers. */
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

  /** Without KILL a statement continues after its connection was dropped, and keeps its locks. */
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
        // 1094: the connection has ended already.
        if (isOfServer(error)) client.release()
        else client.destroy()
      }
    })
    // If KILL fails, the connection ends after its statement.
    killed.catch(() => {})
  }
}

/** A string as bytes, which neither the charset of the connection nor an escape changes. */
function asBytes(value: Value): unknown {
  return typeof value === 'string' ? bytesOf(value) : value
}

/** Runs a statement. It sets options that the app's pool may have set in another way. */
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

/** As `task.commit` passes it to `write`. */
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
    // For `Database.counts`.
    flags: ['-FOUND_ROWS'],
    enableKeepAlive: true,
  } as mysql.PoolOptions) as unknown as Pool
  const seconds = Math.max(1, Math.ceil(deadline / 1000))
  const session = [
    `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = ${seconds}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    // MariaDB ends transactions of a stopped process, and so its locks. MySQL has no such limit.
    `/*M! SET SESSION idle_transaction_timeout = ${seconds + 1} */`,
  ]
  pool.on('connection', (client) => {
    // When the server ends, idle connections break; the next statement reports it.
    client.on('error', () => {})
    for (const sql of session) client.query({ sql }, () => {})
  })
  return pool
}
