import { closeSync, openSync } from 'node:fs'
import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { isA, memberOf } from '@postern/core/inbox'
import type { Database, Driver, Life } from './driver.ts'
import { createErrors, type Errors } from './errors.ts'
import { checkLog, createFileGuard } from './file-guard.ts'
import { createFileLife } from './file-life.ts'
import { checkGuest, guestOf } from './guest.ts'
import { nodeDatabase } from './node-database.ts'
import { createUpkeep } from './upkeep.ts'
import { hasWalResetBug } from './wal-bug.ts'

const INBOX = 'sqliteInbox'
// How long opening waits for other processes, and how long reads and commits may wait for a lock, in milliseconds.
const OPEN_WAIT = 30_000
const SIDE_WAIT = 1000

/**
 * Opens a file on Node's own `node:sqlite`, makes it a write-ahead log and lets `migrate` make its tables. Throws a
 * `TypeError` if it cannot be an inbox.
 */
export function openFile(path: string, migrate: (database: Database, life: Life) => void): Driver {
  const opened = new Set<DatabaseSync>()
  const errors = createErrors(INBOX, path, primaryCode)
  const life = createFileLife(path, createPrivate)
  try {
    checkLog(path)
    createPrivate(path)
    const first = open(path, OPEN_WAIT, opened)
    patiently(errors, () => useWal(first, path))
    const { version } = first.prepare('SELECT sqlite_version() AS version').get() as {
      version: string
    }
    const main = nodeDatabase(first)
    patiently(errors, () => migrate(main, life))
    first.exec('PRAGMA busy_timeout = 0')
    const side = patiently(errors, () => nodeDatabase(open(path, SIDE_WAIT, opened)))
    let commits: DatabaseSync | undefined
    return {
      inbox: INBOX,
      name: path,
      process: `${hostname()}:${process.pid}`,
      main,
      side,
      errors,
      commits: () => nodeDatabase((commits ??= open(path, SIDE_WAIT, opened))),
      dropCommits() {
        if (commits && opened.delete(commits)) commits.close()
        commits = undefined
      },
      guest(connection) {
        checkGuest(connection as DatabaseSync, first, path)
        return guestOf(connection as DatabaseSync)
      },
      guard: createFileGuard(path, () => first.exec('PRAGMA wal_checkpoint(FULL)')),
      life,
      upkeep: (written, warn) => createUpkeep({ main, path, written, warn }),
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

/** SQLite's primary result code is the lower byte of an error's code. */
function primaryCode(error: unknown): number | undefined {
  const code = memberOf(error, 'errcode')
  return typeof code === 'number' && isA(error, Error) ? code & 0xff : undefined
}

/** Makes the file if there is none: it holds payloads, so its owner alone may read it. SQLite gives its mode to -wal and -shm. */
function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch {
    // It is there, or SQLite says why it cannot be.
  }
}

function open(path: string, wait: number, opened: Set<DatabaseSync>): DatabaseSync {
  const db = new DatabaseSync(path)
  opened.add(db)
  // Set first: even reading a setting finds the file locked while another process closes its last connection.
  db.exec(`PRAGMA busy_timeout = ${wait}`)
  // `synchronous` FULL: a commit is on the disk before it is acknowledged. Pages of 8 KiB take several deliveries, so
  // fewer are written; larger ones cost more for single deliveries. (Page size and vacuum mode count for new files only.)
  // Checkpoints at 32 MiB instead of 4 write each page less often.
  db.exec(
    'PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864',
  )
  return db
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

/** Waits for other processes that start or end: some reads find the file locked without asking the busy handler. */
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
