import { existsSync, realpathSync, statSync } from 'node:fs'

/**
 * Notices that the file, its log or its shared memory was deleted, renamed or replaced under this process. SQLite continues
 * writing files that nobody can open again, so acknowledged deliveries would be lost; without the shared memory the next
 * process would not see this one's locks, and both would write the log. (A copy over the file keeps its identity and is
 * not noticed.)
 */
export interface FileGuard {
  /** The reason; undefined while the file is there. A look at the disk takes some 10 µs: one follows each commit. */
  lost(): string | undefined
  /** Tells the listener when it happens, within a second. */
  start(tell: (message: string) => void): void
  stop(): void
}

// Milliseconds between looks while nothing is written.
const LOOK = 500

/** Makes the guard of an open file. `save` copies what its log holds into the file. */
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
      }, LOOK)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }

  function lost(): string | undefined {
    // These two come with the first write.
    known.log ??= identityOf(log)
    known.memory ??= identityOf(memory)
    const gone = compare(path, known.file)
    if (gone !== undefined) return gone
    const without = compare(log, known.log)
    // The file is still ours: what only the deleted log holds would end with this process.
    if (without !== undefined && !saved && identityOf(log) === undefined) saved = isSaved()
    return without ?? compare(memory, known.memory)
  }

  function isSaved(): boolean {
    try {
      save()
      return true
    } catch {
      // Another connection reads: the next look tries again.
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

/** Throws a `TypeError` if the file is gone and its log is there: a new file would get the log of the old one. */
export function checkLog(path: string): void {
  if (existsSync(path) || !existsSync(`${path}-wal`)) return
  throw new TypeError(
    `sqliteInbox: path: ${path} is gone, and its log ${path}-wal is there: it was deleted or renamed while a process had it open. Stop the processes that use it and put the file back next to its log; or move ${path}-wal and ${path}-shm away to start with an empty file`,
  )
}

/** Undefined if nothing is found at the name, or the way to it may not be taken any more. */
function identityOf(name: string): string | undefined {
  try {
    const found = statSync(name, { throwIfNoEntry: false })
    return found && `${found.dev}:${found.ino}`
  } catch {
    return undefined
  }
}
