import type { Sweep } from '@postern/core/engine'
import type { Errors } from './errors.ts'
import type { FileGuard } from './file-guard.ts'

/** A value of a parameter or a column. */
export type Value = string | number | bigint | null | Uint8Array

export interface Statement {
  all(...values: Value[]): readonly unknown[]
  /** Returns the first row, or undefined if there are no rows. */
  get(...values: Value[]): unknown
  run(...values: Value[]): Written
}

export interface Written {
  readonly changes: number | bigint
  readonly lastInsertRowid: number | bigint
}

/** A connection to an SQLite database. All calls are synchronous. So no transaction stays open between two calls. */
export interface Database {
  /** The object that `task.commit` passes to `write`. */
  readonly raw: unknown
  prepare(sql: string): Statement
  /** Runs one or more statements without parameters. */
  exec(sql: string): void
  /**
   * Runs writes in a transaction that has the write lock from its start. If `run` throws, the transaction is rolled
   * back.
   */
  transaction<T>(run: () => T): T
  /** Runs reads that all see the same state of the database. */
  snapshot<T>(run: () => T): T
  /** Returns a number that changes when another connection commits. */
  version(): number
}

/** The app's own connection, on which the app has opened a transaction. */
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
 * The database of an inbox: a file that processes open, or the storage of a Durable Object. Only a driver may use BEGIN
 * and COMMIT, PRAGMA, files and the errors of its runtime.
 */
export interface Driver {
  /** Name of the inbox in messages. */
  readonly inbox: string
  /** Name of the database in messages: the path of the file. */
  readonly name: string
  /** Name of the process in the history of attempts. */
  readonly process: string
  /** Connection for writes. It never waits for a lock. If the database is locked, the caller must try again later. */
  readonly main: Database
  /** Connection for reads. Reads must not change the state of the main connection. */
  readonly side: Database
  /**
   * Returns a separate connection for `task.commit`, since a handler must not change the state of other connections.
   * The connection waits for a lock for one second.
   */
  commits(): Database
  /** Closes the connection of `commits`, so that a handler that still runs cannot write through it. */
  dropCommits(): void
  readonly errors: Errors
  /** True if nothing may be written: neither rows nor signs of life. @default false */
  readonly readOnly?: boolean
  /**
   * True if the runtime ends idle instances. Timers would keep an instance alive, so the inbox cleans up only at the
   * end of `runDue()`.
   * @default false
   */
  readonly sleeps?: boolean
  /**
   * Number of event keys that are kept in memory before they are indexed. With 0, each key is indexed with its event.
   * @default 16_384
   */
  readonly freshKeys?: number
  /**
   * Wraps a connection that the app passed to `inTransaction`. Throws a `TypeError` if the connection is to another
   * database. Absent if the runtime has only one connection.
   */
  readonly guest?: (connection: unknown) => Guest
  /** Notices if the file is deleted or replaced. Absent if that cannot happen. */
  readonly guard?: FileGuard
  /**
   * Creates the sweep (a periodic clean-up) that shrinks the database. Absent if the runtime shrinks the database
   * itself. `written` runs writes in the next transaction.
   */
  readonly upkeep?: (
    written: (run: () => void) => Promise<unknown>,
    warn: (message: string) => void,
  ) => Sweep
  /** Locks that show which processes live. Absent if the runtime has no locks that end with a process. */
  readonly life?: Life
  /** A text that says why other writers may damage the database, and what to do. Undefined if they cannot damage it. */
  readonly alone?: string | undefined
  close(): void
}

/** Locks that the kernel releases when a process ends. */
export interface Life {
  /** Acquires the lock of this process. */
  hold(process: number): void
  /** Returns true if the process with this number has the lock, so it lives. */
  isHeld(process: number): boolean
  /** Returns true if the process with this number had a lock and has ended. */
  isFree(process: number): boolean
  /** Releases the lock of this process, and removes its file. */
  release(): void
}
