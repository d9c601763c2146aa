// The members of `pg` that this package uses, by shape: a pool of the application may come from another copy of `pg`.

/** The result of a query. */
export interface PgResult {
  readonly rows: Record<string, unknown>[]
  readonly rowCount: number | null
}

/** A client of `pg`, checked out of its pool. */
export interface PgClient {
  query(text: string, values?: unknown[]): Promise<PgResult>
  release(error?: Error | boolean): void
  on(event: 'error' | 'end' | 'notification', listener: () => void): unknown
  removeListener(event: string, listener: () => void): unknown
}

/** A `Pool` of `pg`. */
export interface PgPool {
  connect(): Promise<PgClient>
  end(): Promise<void>
}

/** Runs statements: pg-boss's own notion of a database or of a transaction. */
export interface PgExecutor {
  executeSql(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>
}
