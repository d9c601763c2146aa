import type { DatabaseSync } from 'node:sqlite'
import type { Guest } from './driver.ts'
import { nodeDatabase } from './node-database.ts'

/**
 * Checks a connection of the application that will store deliveries. Throws a `TypeError` if it is not to the file of
 * `main`, or returns rows as arrays or numbers as bigints.
 */
export function checkGuest(db: DatabaseSync, main: DatabaseSync, path: string): void {
  const file = fileOf(db)
  if (typeof file !== 'string')
    throw new TypeError(
      'inTransaction: the connection returns rows as arrays: open one without returnArrays',
    )
  if (file !== fileOf(main))
    throw new TypeError(
      `inTransaction: the connection is to ${file === '' ? 'no file' : file}, the inbox is in ${path}: one transaction is in one file`,
    )
  if (typeof db.prepare('SELECT 1 AS one').get()?.['one'] !== 'number')
    throw new TypeError(
      'inTransaction: the connection returns numbers as bigints: open one without readBigInts',
    )
}

/** Writes through a connection of the application. */
export function guestOf(db: DatabaseSync): Guest {
  return {
    database: nodeDatabase(db),
    check: () => checkTransaction(db),
    begin() {
      // The one of a delivery before, if it is in the same transaction.
      attempt(db, 'RELEASE postern_accept')
      db.exec('SAVEPOINT postern_accept')
    },
    // An error as that of a full disk has ended the whole transaction.
    undo: () => attempt(db, 'ROLLBACK TO postern_accept; RELEASE postern_accept'),
  }
}

/** Throws a `TypeError` if the connection has no transaction open. */
function checkTransaction(db: DatabaseSync): void {
  if (isOpen(db)) return
  throw new TypeError(
    'inTransaction: the connection has no transaction open: begin one with BEGIN IMMEDIATE, and await what is stored in it before its COMMIT',
  )
}

/** `isTransaction` needs Node 22.16. BEGIN fails inside a transaction and changes nothing. */
function isOpen(db: DatabaseSync): boolean {
  const known: boolean | undefined = db.isTransaction
  if (known !== undefined) return known
  try {
    db.exec('BEGIN')
  } catch {
    return true
  }
  db.exec('ROLLBACK')
  return false
}

function attempt(db: DatabaseSync, sql: string): void {
  try {
    db.exec(sql)
  } catch {}
}

/** Name of the file, as SQLite has it: absolute and without links. */
function fileOf(db: DatabaseSync): unknown {
  return db.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'").get()?.['file']
}
