import { statSync } from 'node:fs'
import { createSweep, type Sweep } from '@postern/core/inbox'
import type { Database } from './driver.ts'

const MIB = 1024 * 1024
// Free pages that stay for later rows: this number, or this share of the file.
const FREE = 1024
const SHARE = 0.25
// Pages given back in one transaction: about 2 milliseconds.
const STEP = 64
// Bytes of the log after which it is emptied; and after which its readers are named.
const LOG = 64 * MIB
const LARGE_LOG = 4 * LOG

/** The argument of {@link createUpkeep}. */
interface UpkeepOptions {
  readonly main: Database
  readonly path: string
  /** Runs writes in the next transaction. */
  readonly written: (run: () => void) => Promise<unknown>
  readonly warn: (message: string) => void
}

/**
 * Shrinks the file and its log after a flood. Free pages go back to the disk a few at a time. A log that grew behind a
 * long read is emptied once the read has ended.
 */
export function createUpkeep({ main, path, written, warn }: UpkeepOptions): Sweep {
  const state = main.prepare(
    `SELECT (SELECT freelist_count FROM pragma_freelist_count) AS free, (SELECT page_count FROM pragma_page_count) AS pages,
            (SELECT auto_vacuum FROM pragma_auto_vacuum) AS mode`,
  )
  let warned = false

  // A look each second.
  return createSweep<number>(0, async () => {
    emptyLog()
    const { free, pages, mode } = state.get() as { free: number; pages: number; mode: number }
    // A file that other code has made may have another vacuum mode.
    if (mode !== 2 || free <= Math.max(FREE, pages * SHARE)) return undefined
    await written(() => main.exec(`PRAGMA incremental_vacuum(${STEP})`))
    return free
  })

  function emptyLog(): void {
    const size = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (size <= LOG) return void (warned = false)
    // Fails at once if a reader or writer is active: the next look tries again.
    main.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    if (size <= LARGE_LOG || warned) return
    warned = true
    warn(
      `sqliteInbox: the log of ${path} has ${Math.round(size / MIB)} MiB, since another connection reads an old state of the file: end long read transactions`,
    )
  }
}
