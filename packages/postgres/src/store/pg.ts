// The members of `pg` that this package uses, by shape: a pool of the application may come from another copy of `pg`.

/** A row of a result. */
export type Row = Readonly<Record<string, unknown>>

/** A client of `pg`, checked out of its pool. */
export interface PgClient {
  query(config: {
    readonly text: string
    readonly values?: unknown[]
    readonly name?: string
  }): Promise<{
    readonly rows: Row[]
  }>
  release(error?: Error | boolean): void
  /** The number of its session, as the server or a pooler says. */
  readonly processID?: number | null
  on(event: 'error' | 'end' | 'notification', listener: (...args: unknown[]) => void): unknown
  removeListener(event: string, listener: (...args: unknown[]) => void): unknown
}

/** The transaction that `task.commit` hands to `write`: in it the writes and the end of the task are one. */
export interface PgTransaction {
  /** Runs one statement. */
  readonly query: (text: string, values?: unknown[]) => Promise<{ readonly rows: Row[] }>
  /** The client itself: a `PoolClient` of `pg`, for a query builder. */
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

/**
 * Runs one statement, whose columns make a `T`. Every statement of this package ends with SELECT, since some drivers return
 * rows of nothing else.
 */
export type Sql = <T = Row>(text: string, values?: unknown[]) => Promise<readonly T[]>

/** The only row of a statement that has one. */
export async function readRow<T>(sql: Promise<readonly T[]>): Promise<T> {
  return (await sql)[0]!
}

/** The number that a statement gives as `n`. */
export async function readNumber(sql: Promise<readonly { readonly n: number }[]>): Promise<number> {
  return (await readRow(sql)).n
}
