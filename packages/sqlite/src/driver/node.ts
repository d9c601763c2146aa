import { closeSync, openSync, statSync, existsSync, rmSync } from 'node:fs'
import { hostname } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { isA, memberOf, createSweep, type Sweep } from '@postern/core/engine'
import type { Database, Driver, Life, Guest } from './driver.ts'
import { createErrors, type Errors } from './errors.ts'
import { checkLog, createFileGuard } from './file-guard.ts'
import { nodeDatabase } from './node-database.ts'
import { hasWalResetBug } from './wal-bug.ts'

const INBOX = 'sqliteInbox'
// Maximum waits in milliseconds: for other processes while the file is opened, and for a lock in reads and commits.
const OPEN_WAIT = 30_000
const SIDE_WAIT = 1000

/**
 * Opens a file with `node:sqlite`, switches it to a write-ahead log, and calls `migrate` to create or update its
 * tables. Throws a `TypeError` if the file cannot be an inbox. With `readOnly`, creates no file.
 */
export function openFile(
  path: string,
  migrate: (database: Database, life: Life) => void,
  readOnly = false,
): Driver {
  const opened = new Set<DatabaseSync>()
  const errors = createErrors(INBOX, path, primaryCode)
  const life = createFileLife(path, createPrivate)
  try {
    checkLog(path)
    if (!readOnly) createPrivate(path)
    const first = open(path, OPEN_WAIT, opened, readOnly)
    if (!readOnly) patiently(errors, () => useWal(first, path))
    const { version } = first.prepare('SELECT sqlite_version() AS version').get() as {
      version: string
    }
    const main = nodeDatabase(first)
    patiently(errors, () => migrate(main, life))
    first.exec('PRAGMA busy_timeout = 0')
    const side = patiently(errors, () => nodeDatabase(open(path, SIDE_WAIT, opened, readOnly)))
    let commits: DatabaseSync | undefined
    return {
      inbox: INBOX,
      name: path,
      process: `${hostname()}:${process.pid}`,
      main,
      side,
      errors,
      readOnly,
      commits: () => nodeDatabase((commits ??= open(path, SIDE_WAIT, opened))),
      dropCommits() {
        if (commits && opened.delete(commits)) commits.close()
        commits = undefined
      },
      guest(connection) {
        checkGuest(connection as DatabaseSync, first, path)
        return guestOf(connection as DatabaseSync)
      },
      ...(!readOnly && {
        guard: createFileGuard(path, () => first.exec('PRAGMA wal_checkpoint(FULL)')),
        life,
        upkeep: (written, warn) => createUpkeep(main, path, written, warn),
      }),
      alone: hasWalResetBug(version)
        ? `another connection writes ${path}, and SQLite ${version} of this Node can damage a file with several writers (https://www.sqlite.org/wal.html, "WAL-reset bug"): use Node 22.23 or 24.15 and newer, or one process`
        : undefined,
      close: () => opened.forEach((db) => db.close()),
    }
  } catch (error) {
    for (const db of opened) db.close()
    if (isA(error, TypeError) && !errors.isOwn(error)) throw error
    throw new TypeError(errors.explain(error), { cause: error })
  }
}

function primaryCode(error: unknown): number | undefined {
  const code = memberOf(error, 'errcode')
  return typeof code === 'number' && isA(error, Error) ? code & 0xff : undefined
}

/** Only the owner of the file may read its payloads. SQLite gives the -wal and -shm files the same mode. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch {
    // Either the file exists, or SQLite will report why it cannot be created.
  }
}

function open(
  path: string,
  wait: number,
  opened: Set<DatabaseSync>,
  readOnly = false,
): DatabaseSync {
  const db = connect(path, readOnly)
  opened.add(db)
  // This statement comes first: while another process closes its last connection, the file is locked even for reading
  // a setting.
  db.exec(`PRAGMA busy_timeout = ${wait}`)
  if (readOnly) return db
  // With `synchronous` FULL, a commit is on disk before the delivery is acknowledged. A page of 8 KiB has room for
  // several deliveries, so fewer pages are written. Larger pages would make single deliveries slower. Page size and
  // vacuum mode apply only to new files. With checkpoints at 32 MiB in place of 4 MiB, each page is written less often.
  db.exec(
    'PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864',
  )
  return db
}

// A static import of `node:sqlite` would fail on an older Node without saying which version is needed.
function connect(path: string, readOnly = false): DatabaseSync {
  const sqlite = process.getBuiltinModule?.('node:sqlite')
  if (!sqlite)
    throw new TypeError(
      `sqliteInbox: node:sqlite is missing in Node ${process.versions.node}; use Node 22.13 or newer`,
    )
  return new sqlite.DatabaseSync(path, { readOnly })
}

function useWal(db: DatabaseSync, path: string): void {
  const { journal_mode: mode } = db.prepare('PRAGMA journal_mode = WAL').get() as {
    journal_mode: string
  }
  if (mode !== 'wal')
    throw new TypeError(
      `sqliteInbox: path: ${path} cannot have a write-ahead log (its journal is '${mode}'): use a file on a local disk, or memoryInbox() for no file at all`,
    )
}

/** Retries `act` while other processes start or end. For some reads SQLite does not wait for a lock itself. */
export function patiently<T>(errors: Errors, act: () => T): T {
  const until = performance.now() + OPEN_WAIT
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    try {
      return act()
    } catch (error) {
      if (!errors.isBusy(error) || performance.now() > until) throw error
      Atomics.wait(sleeper, 0, 0, 5)
    }
  }
}

const MIB = 1024 * 1024
// Free space that is kept for later rows: the higher of FREE pages and the share SHARE of all pages.
const FREE = 1024
const SHARE = 0.25
// Number of pages that one transaction releases, which takes about 2 milliseconds.
const STEP = 64
// Sizes of the log in bytes: above LOG it is emptied, and above LARGE_LOG a warning names the cause.
const LOG = 64 * MIB
const LARGE_LOG = 4 * LOG

/**
 * Creates the sweep (a periodic clean-up) that shrinks the file and its log after a flood of deliveries. It releases a
 * few free pages at a time. It also empties a log that grew during a long read, once that read has ended. `written`
 * runs writes in the next transaction.
 */
function createUpkeep(
  main: Database,
  path: string,
  written: (run: () => void) => Promise<unknown>,
  warn: (message: string) => void,
): Sweep {
  const state = main.prepare(
    `SELECT (SELECT freelist_count FROM pragma_freelist_count) AS free, (SELECT page_count FROM pragma_page_count) AS pages,
            (SELECT auto_vacuum FROM pragma_auto_vacuum) AS mode`,
  )
  let warned = false

  // A retention time of 0 makes the sweep run once a second.
  return createSweep<number>(0, async () => {
    emptyLog()
    const { free, pages, mode } = state.get() as { free: number; pages: number; mode: number }
    // Another program may have created the file with another vacuum mode.
    if (mode !== 2 || free <= Math.max(FREE, pages * SHARE)) return undefined
    await written(() => main.exec(`PRAGMA incremental_vacuum(${STEP})`))
    return free
  })

  function emptyLog(): void {
    const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (size <= LOG) return void (warned = false)
    // The checkpoint does nothing while a reader or writer is active. The next run tries again.
    main.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    if (size <= LARGE_LOG || warned) return
    warned = true
    warn(
      `sqliteInbox: the log of ${path} has ${Math.round(size / MIB)} MiB, since another connection reads an old state of the file: end long read transactions`,
    )
  }
}

/**
 * Creates a locked file next to the inbox for each process that runs tasks. When a process ends in any way, the kernel
 * releases the lock of its file. Other processes then know that the process has ended, and need not wait until its
 * lease ends. If a process has no such file, they wait.
 */
function createFileLife(path: string, makePrivate: (path: string) => void): Life {
  const nameOf = (process: number): string => `${path}-process-${process}`
  let held: { readonly db: DatabaseSync; readonly name: string } | undefined

  return {
    hold(process) {
      const name = nameOf(process)
      try {
        makePrivate(name)
        held = { db: locked(name), name }
      } catch {
        // If the folder accepts no more files, other processes wait until the lease ends.
      }
    },
    isHeld: (process) => existsSync(nameOf(process)) && !isFree(nameOf(process)),
    isFree(process) {
      const name = nameOf(process)
      if (!existsSync(name) || !isFree(name)) return false
      rmSync(name, { force: true })
      return true
    },
    release() {
      if (!held) return
      held.db.close()
      rmSync(held.name, { force: true })
      held = undefined
    },
  }
}

function isFree(name: string): boolean {
  try {
    locked(name).close()
    return true
  } catch {
    return false
  }
}

/** Opens a file and acquires its lock. Throws if another process has the lock. */
function locked(name: string): DatabaseSync {
  const db = connect(name)
  try {
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Throws a `TypeError` if the app's connection is to another file, or returns arrays or bigints. */
function checkGuest(db: DatabaseSync, main: DatabaseSync, path: string): void {
  const file = fileOf(db)
  if (typeof file !== 'string')
    throw new TypeError(
      'inTransaction: the connection returns rows as arrays: open one without returnArrays',
    )
  if (file !== fileOf(main))
    throw new TypeError(
      `inTransaction: the connection is to ${file === '' ? 'no file' : file}, but the inbox is in ${path}; open a connection to the file of the inbox`,
    )
  if (typeof db.prepare('SELECT 1 AS one').get()?.['one'] !== 'number')
    throw new TypeError(
      'inTransaction: the connection returns numbers as bigints: open one without readBigInts',
    )
}

function guestOf(db: DatabaseSync): Guest {
  return {
    database: nodeDatabase(db),
    check: () => checkTransaction(db),
    begin() {
      // Removes the savepoint that an earlier delivery in the same transaction left.
      attempt(db, 'RELEASE postern_accept')
      db.exec('SAVEPOINT postern_accept')
    },
    // An error is ignored here: for example, a full disk has already ended the whole transaction.
    undo: () => attempt(db, 'ROLLBACK TO postern_accept; RELEASE postern_accept'),
  }
}

function checkTransaction(db: DatabaseSync): void {
  if (isOpen(db)) return
  throw new TypeError(
    'inTransaction: the connection has no transaction open: start one with BEGIN IMMEDIATE, and await what is stored in it before its COMMIT',
  )
}

/** Node before 22.16 has no `isTransaction`. There, BEGIN fails within a transaction and changes nothing. */
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

/** Returns the absolute path of the file, with links resolved, as SQLite reports it. */
function fileOf(db: DatabaseSync): unknown {
  return db.prepare("SELECT file FROM pragma_database_list WHERE name = 'main'").get()?.['file']
}
