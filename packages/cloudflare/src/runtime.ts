/** What a column of a Durable Object's SQLite holds. */
export type SqlValue = string | number | null | ArrayBuffer

/** The rows of a statement. */
export interface SqlCursor {
  toArray(): Record<string, SqlValue>[]
}

/** `ctx.storage.sql` of a Durable Object, as far as this package uses it. */
export interface SqlStorage {
  exec(query: string, ...bindings: any[]): SqlCursor
}

/** `ctx.storage` of a Durable Object with SQLite. https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/ */
export interface ObjectStorage {
  readonly sql: SqlStorage
  transactionSync<T>(run: () => T): T
  getAlarm(): Promise<number | null>
  setAlarm(time: number): Promise<void>
  deleteAlarm(): Promise<void>
}

/** `ctx` of a Durable Object. */
export interface ObjectState {
  readonly id: { toString(): string }
  readonly storage: ObjectStorage
  blockConcurrencyWhile<T>(run: () => Promise<T>): Promise<T>
}

/** A `durable_objects` binding. */
export interface ObjectNamespace {
  getByName(name: string): unknown
}

/** The third argument of a Worker's `fetch`. */
export interface WorkerContext {
  waitUntil(work: Promise<unknown>): void
}
