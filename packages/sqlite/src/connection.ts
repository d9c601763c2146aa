import { DatabaseSync } from 'node:sqlite'
import { explain, isBusy } from './errors.ts'
import { createFileGuard, type FileGuard } from './file-guard.ts'
import { migrate } from './schema.ts'

/** The connections of one inbox. All calls are synchronous, so no transaction is ever left open between two of them. */
export interface Connections {
  /** For writes. It never waits for a lock: a caller that finds the file locked tries again later. */
  readonly main: DatabaseSync
  /** For reads and for `task.commit`, whose writes must not change the state of the main connection. */
  readonly side: DatabaseSync
  readonly guard: FileGuard
  /** Version of SQLite in this Node. */
  readonly version: string
  close(): void
}

// How long opening waits for other processes, and how long the side connection may wait for a lock, in milliseconds.
const OPEN_WAIT = 5000
const SIDE_WAIT = 1000

/** Opens the file and makes its tables. Throws a `TypeError` if it cannot be an inbox. */
export function connect(path: string): Connections {
  const opened: DatabaseSync[] = []
  try {
    const main = open(path, OPEN_WAIT, opened)
    patiently(() => useWal(main, path))
    patiently(() => migrate(main, path))
    main.exec('PRAGMA busy_timeout = 0')
    const side = open(path, SIDE_WAIT, opened)
    const { version } = main.prepare('SELECT sqlite_version() AS version').get() as {
      version: string
    }
    const guard = createFileGuard(path)
    return { main, side, guard, version, close: () => opened.forEach((db) => db.close()) }
  } catch (error) {
    for (const db of opened) db.close()
    if (error instanceof TypeError && !('errcode' in error)) throw error
    throw new TypeError(explain(error, path), { cause: error })
  }
}

/**
 * True for versions that can damage a WAL file if two processes write and checkpoint at once: 3.7.0 to 3.51.2, except
 * 3.44.6 and 3.50.7 and later releases of these lines. https://www.sqlite.org/wal.html
 */
export function hasWalResetBug(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (major !== 3 || minor > 51) return false
  if (minor === 51) return patch < 3
  if (minor === 50) return patch < 7
  if (minor === 44) return patch < 6
  return minor >= 7
}

function open(path: string, wait: number, opened: DatabaseSync[]): DatabaseSync {
  const db = new DatabaseSync(path)
  opened.push(db)
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

/** Changing the journal can find the file locked without asking the busy handler; at start, waiting is right. */
function patiently(act: () => void): void {
  const until = Date.now() + OPEN_WAIT
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    try {
      return act()
    } catch (error) {
      if (!isBusy(error) || Date.now() > until) throw error
      Atomics.wait(sleeper, 0, 0, 5)
    }
  }
}
