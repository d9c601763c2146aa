import { existsSync, realpathSync, statSync } from 'node:fs'

/**
 * Notices if the file, its log or its shared memory is deleted, renamed or replaced while this process has them open.
 * - Without the file or the log, SQLite still writes the old files, which no process can open again. So acknowledged
 * deliveries would be lost.
 * - Without the shared memory, the next process does not see the locks of this process, and both write the log.
 *
 * The guard does not notice if another file's content is copied into the file, since the inode stays the same.
 */
export interface FileGuard {
  /** Returns what happened to a file, if anything. Takes about 10 µs, and runs after each commit. */
  lost(): string | undefined
  /** Calls `tell` within a second after a file was lost. */
  start(tell: (message: string) => void): void
  stop(): void
}

// Milliseconds between checks.
const CHECK = 500

/** `save` copies the log into the file. */
export function createFileGuard(path: string, save: () => void): FileGuard {
  const log = `${realpathSync(path)}-wal`
  const memory = `${realpathSync(path)}-shm`
  const known = { file: identityOf(path), log: identityOf(log), memory: identityOf(memory) }
  let saved = false
  let told: string | undefined
  let timer: ReturnType<typeof setInterval> | undefined

  return {
    lost,
    start(tell) {
      timer ??= setInterval(() => {
        const found = lost()
        if (found !== undefined && found !== told) tell(found)
        told = found
      }, CHECK)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }

  function lost(): string | undefined {
    // SQLite creates the log and the shared memory with the first write, so their identities are read here.
    known.log ??= identityOf(log)
    known.memory ??= identityOf(memory)
    const gone = compare(path, known.file)
    if (gone !== undefined) return gone
    const without = compare(log, known.log)
    // Only the log was deleted. Some changes are only in this log, and would be lost when this process ends. So `save`
    // copies them into the file.
    if (without !== undefined && !saved && identityOf(log) === undefined) saved = isSaved()
    return without ?? compare(memory, known.memory)
  }

  function isSaved(): boolean {
    try {
      save()
      return true
    } catch {
      // Another connection reads, so the next check tries again.
      return false
    }
  }

  function compare(name: string, identity: string | undefined): string | undefined {
    if (identity === undefined) return undefined
    const now = identityOf(name)
    if (now === identity) return undefined
    const what = now === undefined ? 'deleted or renamed' : 'replaced'
    return `sqliteInbox: ${name} was ${what} while this process has it open, so no more deliveries are acknowledged: stop the processes that use it with SIGTERM, put the file back, and start them again`
  }
}

/** Throws a `TypeError` if the file is missing but its log exists, since a new file would use the old file's log. */
export function checkLog(path: string): void {
  if (existsSync(path) || !existsSync(`${path}-wal`)) return
  throw new TypeError(
    `sqliteInbox: path: ${path} is gone, and its log ${path}-wal is there: it was deleted or renamed while a process had it open. Stop the processes that use it and put the file back next to its log; or move ${path}-wal and ${path}-shm away to start with an empty file`,
  )
}

/** Returns device and inode of a file, or undefined if the file is missing or its folder cannot be read. */
function identityOf(name: string): string | undefined {
  try {
    const found = statSync(name, { throwIfNoEntry: false })
    return found && `${found.dev}:${found.ino}`
  } catch {
    return undefined
  }
}
