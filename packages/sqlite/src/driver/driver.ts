import type { Sweep } from '@postern/core/engine'
import type { Errors } from './errors.ts'
import type { FileGuard } from './file-guard.ts'

/** What a statement binds. Blobs come back as bytes too. */
export type Value = string | number | bigint | null | Uint8Array

/** A prepared statement. */
export interface Statement {
  /** All rows. */
  all(...values: Value[]): readonly unknown[]
  /** The first row; undefined without any. */
  get(...values: Value[]): unknown
  run(...values: Value[]): Written
}

/** What a statement has written. */
export interface Written {
  readonly changes: number | bigint
  readonly lastInsertRowid: number | bigint
}

/** A connection to a database of SQLite. Every call is synchronous, so no transaction is left open between two of them. */
export interface Database {
  /** The object that the application gets in `task.commit`. */
  readonly raw: unknown
  prepare(sql: string): Statement
  /** Runs several statements without values. */
  exec(sql: string): void
  /** Runs writes in one transaction, which holds the write lock from its start. It is rolled back if `run` throws. */
  transaction<T>(run: () => T): T
  /** Runs reads on one state of the database. */
  snapshot<T>(run: () => T): T
  /** Another value if another connection has committed since. */
  version(): number
}

/** Writes within a transaction of the application. */
export interface Guest {
  readonly database: Database
  /** Throws a `TypeError` if no transaction is open. */
  check(): void
  /** Starts a part of the open transaction. */
  begin(): void
  /** Undoes the writes since `begin`, and leaves the rest of the transaction to the application. */
  undo(): void
}

/**
 * How the inbox reaches its database: the file of a process, or the storage of a Durable Object. Only a driver knows
 * BEGIN and COMMIT, PRAGMA, files and the errors of its runtime.
 */
export interface Driver {
  /** As in errors: the name of the inbox. */
  readonly inbox: string
  /** The database as messages name it: the path of the file. */
  readonly name: string
  /** Name of the process in the history of attempts. */
  readonly process: string
  /** For writes. It never waits for a lock: a caller that finds the database locked tries again later. */
  readonly main: Database
  /** For reads, which must not change the state of the main connection. */
  readonly side: Database
  /** For `task.commit`: a handler must not change the state of the other connections. It waits for a lock a second. */
  commits(): Database
  /** Ends the connection of `commits`: a handler that is still at work must not write through it. */
  dropCommits(): void
  readonly errors: Errors
  /** True if nothing may be written: neither rows nor signs of life. @default false */
  readonly readOnly?: boolean
  /** True if the runtime ends what is idle, and a timer would keep it: then sweeps run at the end of a drain alone. @default false */
  readonly sleeps?: boolean
  /** Keys of events in memory before they are indexed; 0 indexes each with its event. @default 16_384 */
  readonly freshKeys?: number
  /** A connection of the application, by what it passed to `inTransaction`; throws a `TypeError` if it is to another database. Absent if the runtime has one connection. */
  readonly guest?: (connection: unknown) => Guest
  /** Absent if nobody can take the database away. */
  readonly guard?: FileGuard
  /** Shrinks the database; absent if the runtime does. `written` runs writes in the next transaction. */
  readonly upkeep?: (
    written: (run: () => void) => Promise<unknown>,
    warn: (message: string) => void,
  ) => Sweep
  /** Absent if the runtime has no lock that ends with a process. */
  readonly life?: Life
  /** Why other writers are a danger here, with the remedy. */
  readonly alone?: string | undefined
  close(): void
}

/** Whether other processes live, as the kernel knows it. */
export interface Life {
  /** Takes the lock of this process. */
  hold(process: number): void
  /** True if the process with this number lives. */
  isHeld(process: number): boolean
  /** True if the process that had this number has ended. */
  isFree(process: number): boolean
  /** Lets it go, and removes what is left of it. */
  release(): void
}
