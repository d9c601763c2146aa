import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Life } from './driver.ts'

/**
 * A file beside the inbox for each process that runs its tasks, held by a lock. The kernel frees the lock with the
 * process, however that ends, so others need not wait for its lease. They know nothing of a process without such a file.
 */
export function createFileLife(path: string, makePrivate: (path: string) => void): Life {
  const nameOf = (process: number): string => `${path}-process-${process}`
  let held: { readonly db: DatabaseSync; readonly name: string } | undefined

  return {
    hold(process) {
      const name = nameOf(process)
      try {
        makePrivate(name)
        held = { db: locked(name), name }
      } catch {
        // A folder that takes no more files: then its lease tells.
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

/** Throws if another process has the lock. */
function locked(name: string): DatabaseSync {
  const db = new DatabaseSync(name)
  try {
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    throw error
  }
}
