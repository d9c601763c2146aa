import { createConnections, settledBy, within } from '@postern/core/engine'
import mysql from 'mysql2'
import type { Settings } from '../settings.ts'
import { bytesOf, readRows } from '../sql/lines.ts'
import { errors, isOfServer } from './errors.ts'

/**
 * Runs statements on one connection. `?` stands for a value; numbers and bytes of lists stand in the text itself, as literals.
 * `$.` stands for the database.
 */
export interface Sql {
  rows<T = Row>(text: string, values?: readonly Value[]): Promise<readonly T[]>
  /** Returns what it changed; undefined if the driver of an app does not tell. */
  run(text: string, values?: readonly Value[]): Promise<Done | undefined>
}

/** A row of a result of numbers. */
export type Row = Readonly<
  Record<
    'at' | 'event' | 'id' | 'lane' | 'line' | 'n' | 'root' | 'token' | 'turn' | 'version',
    number
  >
>

/** A value of a statement. Strings are sent as bytes. */
export type Value = string | number | Uint8Array | null

/** What a statement changed. */
interface Done {
  /** Rows; of `ON DUPLICATE KEY UPDATE` only known with `counts`. */
  readonly changed: number
  /** The number that it made. */
  readonly id: number
}

/** MySQL with a deadline for every statement: one that hangs has its connection dropped, and is killed. */
export interface Database extends Sql {
  /** True if rows that `ON DUPLICATE KEY UPDATE` left as they were are not counted. */
  readonly counts: boolean
  /** True if a transaction of `commit` sees what others commit meanwhile. */
  readonly fresh: boolean
  /** One transaction in READ COMMITTED: statements after a lock must see what its last holder wrote. */
  atomic<T>(time: number, run: (sql: Sql) => Promise<T> | T): Promise<T>
  /** The same for what the app writes, in the isolation level of the server. */
  commit<T>(time: number, run: (sql: Sql, client: Client) => Promise<T> | T): Promise<T>
  /** Several statements on one connection, each by itself. */
  session<T>(time: number, run: (sql: Sql) => Promise<T>): Promise<T>
  /** A statement for another's connection: with the database in its place. */
  text(text: string): string
  /** Tells in which database the tables are, and the isolation level of the server: known once it is open. */
  found(database: string, isolation: string): void
  close(until: number): Promise<void>
}

/** A connection of `mysql2`, by the members that this package uses: a pool of the app may come from another copy. */
export interface Client {
  readonly threadId?: number | null
  query(options: object, done: (error: unknown, result: unknown) => void): unknown
  execute(options: object, done: (error: unknown, result: unknown) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
  release(): void
  destroy(): void
}

/** The transaction that `task.commit` hands to `write`: in it the writes and the end of the task are one. */
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

/** Makes it; it connects with the first statement. */
export function createDatabase(settings: Settings): Database {
  const { deadline, prepare } = settings
  const given = settings.pool && ((settings.pool.pool ?? settings.pool) as Pool)
  const pool = given ?? createPool(settings)
  let place = settings.database === undefined ? '' : `${settings.database}.`
  let isolation = 'REPEATABLE READ'
  // Of statements with values: they are few.
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
      // Connections of our own pool have READ COMMITTED; a pool of the app keeps what it has.
      if (whose === 'inbox' && given) await send(client, 'query', READ_COMMITTED)
      if (whose === 'app' && !given)
        await send(client, 'query', `SET TRANSACTION ISOLATION LEVEL ${isolation}`)
      const isRead = whose === 'inbox' && settings.readOnly
      await send(client, 'query', isRead ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION')
    },
    // Also after a failed statement: one that waited too long for a lock leaves its transaction open.
    end: (client, how) => send(client, 'query', how),
    isOfServer,
    late: errors.late,
    size: () => (given ? (given.config?.connectionLimit ?? 10) : settings.maxConnections),
  })
  // The server rejects each write of an inbox that only reads.
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
    text: placed,
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

  /** Texts with values are few, and prepared; one without has its numbers in it. */
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

  /** A statement goes on though its connection was dropped, and keeps its locks. */
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
        // 1094: it is gone.
        if (isOfServer(error)) client.release()
        else client.destroy()
      }
    })
    // It ends by itself, when its statement has.
    killed.catch(() => {})
  }
}

/** Bytes, whatever the charset of the connection is: neither a charset nor an escape changes them. */
export function asBytes(value: Value): unknown {
  return typeof value === 'string' ? bytesOf(value) : value
}

/** Runs a statement. Options of the app's pool must not change the shape of its rows. */
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

/** As `task.commit` hands it out. */
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
    // What is counted as changed did change: `Database.counts`.
    flags: ['-FOUND_ROWS'],
    enableKeepAlive: true,
  } as mysql.PoolOptions) as unknown as Pool
  const seconds = Math.max(1, Math.ceil(deadline / 1000))
  const session = [
    `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = ${seconds}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
    // Of MariaDB: a process that was stopped holds no locks for longer. MySQL has no such limit.
    `/*M! SET SESSION idle_transaction_timeout = ${seconds + 1} */`,
  ]
  pool.on('connection', (client) => {
    // Idle connections break when the server goes; the next statement reports it.
    client.on('error', () => {})
    for (const sql of session) client.query({ sql }, () => {})
  })
  return pool
}
