// These types describe only shapes, since a pool of the app may come from another copy of `pg`.

export type Row = Readonly<Record<string, unknown>>

export interface PgClient {
  query(config: {
    readonly text: string
    readonly values?: unknown[]
    readonly name?: string
  }): Promise<{
    readonly rows: Row[]
  }>
  release(error?: Error | boolean): void
  /** Process id of the session, as the server or a pooler announced it. */
  readonly processID?: number | null
  on(event: 'error' | 'end' | 'notification', listener: (...args: unknown[]) => void): unknown
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown
}

/** The transaction that `task.commit` passes to `write`. It commits the writes together with the end of the task. */
export interface PgTransaction {
  /** Runs one statement. */
  readonly query: (text: string, values?: unknown[]) => Promise<{ readonly rows: Row[] }>
  /** The client of the transaction, for a query builder: a `PoolClient` of `pg`. */
  readonly client: unknown
}

/** A `Pool` of `pg`. */
export interface PgPool {
  readonly options?: { readonly max?: number | undefined }
  connect(): Promise<PgClient>
  end(): Promise<void>
  on?(event: 'connect', listener: (client: PgClient) => void): unknown
  off?(event: 'connect', listener: (client: PgClient) => void): unknown
}

/** Runs one statement, which ends with SELECT, since some drivers return rows only for SELECT. */
export type Sql = <T = Row>(text: string, values?: unknown[]) => Promise<readonly T[]>

export async function readRow<T>(sql: Promise<readonly T[]>): Promise<T> {
  return (await sql)[0]!
}

export async function readNumber(sql: Promise<readonly { readonly n: number }[]>): Promise<number> {
  return (await readRow(sql)).n
}
