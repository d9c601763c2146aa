import type { Sweep } from '@postern/core/engine'
import type { Errors } from './errors.ts'
import type { FileGuard } from './file-guard.ts'

/** A value of a statement or a column. */
export type Value = string | number | bigint | null | Uint8Array

export interface Statement {
  all(...values: Value[]): readonly unknown[]
  /** Returns the first row; undefined without rows. */
  get(...values: Value[]): unknown
  run(...values: Value[]): Written
}

export interface Written {
  readonly changes: number | bigint
  readonly lastInsertRowid: number | bigint
}

/** A connection to an SQLite database. All calls are synchronous, so no transaction stays open between two of them. */
export interface Database {
  /** The object that `task.commit` passes to `write`. */
  readonly raw: unknown
  prepare(sql: string): Statement
  /** Runs several statements without values. */
  exec(sql: string): void
  /** Runs writes in a transaction that has the write lock from its start. If `run` throws, it is rolled back. */
  transaction<T>(run: () => T): T
  /** Runs reads on one state of the database. */
  snapshot<T>(run: () => T): T
  /** Returns a number that changes when another connection commits. */
  version(): number
}

/** Writes in a transaction of the app. */
export interface Guest {
  readonly database: Database
  /** Throws a `TypeError` if no transaction is open. */
  check(): void
  /** Sets a savepoint in the open transaction. */
  begin(): void
  /** Undoes the writes since `begin`. The transaction stays open. */
  undo(): void
}

/**
 * The database of an inbox: the file of a process, or the storage of a Durable Object. Only a driver uses BEGIN and COMMIT,
 * PRAGMA, files and the errors of its runtime.
 */
export interface Driver {
  /** Name of the inbox in messages. */
  readonly inbox: string
  /** Name of the database in messages: the path of the file. */
  readonly name: string
  /** Name of the process in the history of attempts. */
  readonly process: string
  /** Connection for writes. It never waits for a lock: if the database is locked, the caller tries again later. */
  readonly main: Database
  /** Connection for reads, which must not change the state of the main connection. */
  readonly side: Database
  /** Returns the connection for `task.commit`, since a handler must not change the state of other connections. It waits one second for a lock. */
  commits(): Database
  /** Closes the connection of `commits`, so that a handler that is still running cannot write through it. */
  dropCommits(): void
  readonly errors: Errors
  /** True if nothing may be written: neither rows nor signs of life. @default false */
  readonly readOnly?: boolean
  /** True if the runtime ends idle instances, which a timer would keep alive: then sweeps run only at the end of a drain. @default false */
  readonly sleeps?: boolean
  /** Number of event keys in memory before they are indexed; 0 indexes each with its event. @default 16_384 */
  readonly freshKeys?: number
  /** Wraps a connection that the app passed to `inTransaction`; throws a `TypeError` if it is to another database. Absent if the runtime has only one connection. */
  readonly guest?: (connection: unknown) => Guest
  /** Absent if the database cannot be deleted or replaced. */
  readonly guard?: FileGuard
  /** Shrinks the database; absent if the runtime does it. `written` runs writes in the next transaction. */
  readonly upkeep?: (
    written: (run: () => void) => Promise<unknown>,
    warn: (message: string) => void,
  ) => Sweep
  /** Absent if the runtime has no locks that end with a process. */
  readonly life?: Life
  /** Why other writers may damage the database, and the remedy. */
  readonly alone?: string | undefined
  close(): void
}

/** Locks that the kernel releases when a process ends. */
export interface Life {
  /** Acquires the lock of this process. */
  hold(process: number): void
  /** True if the process with this number lives. */
  isHeld(process: number): boolean
  /** True if the process with this number has ended. */
  isFree(process: number): boolean
  /** Releases the lock, and removes its file. */
  release(): void
}
