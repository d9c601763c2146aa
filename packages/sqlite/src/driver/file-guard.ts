import { realpathSync, statSync } from 'node:fs'

/**
 * Notices that the file, or its log, was deleted or replaced under this process. SQLite goes on writing
 * files that nobody can open again, so acknowledged deliveries are lost. (A copy over the file keeps its identity and is not noticed.)
 */
export interface FileGuard {
  /** The reason; undefined while the file is there. Looks at the disk at most twice a second. */
  lost(): string | undefined
  /** Tells the listener when it happens, within a second. */
  start(tell: (message: string) => void): void
  stop(): void
}

// Milliseconds between looks; each takes 10 µs.
const LOOK = 500

/** Makes the guard of an open file. */
export function createFileGuard(path: string): FileGuard {
  const log = `${realpathSync(path)}-wal`
  const known = { file: identityOf(path), log: identityOf(log) }
  let looked = performance.now()
  let found: string | undefined
  let told: string | undefined
  let timer: ReturnType<typeof setInterval> | undefined

  return {
    lost() {
      if (performance.now() - looked >= LOOK) look()
      return found
    },
    start(tell) {
      timer ??= setInterval(() => {
        look()
        if (found !== undefined && found !== told) tell(found)
        told = found
      }, LOOK)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }

  function look(): void {
    looked = performance.now()
    // The log comes with the first write.
    known.log ??= identityOf(log)
    found = compare(path, known.file) ?? compare(log, known.log)
  }

  function compare(name: string, identity: string | undefined): string | undefined {
    if (identity === undefined) return undefined
    const now = identityOf(name)
    if (now === identity) return undefined
    const what = now === undefined ? 'deleted' : 'replaced'
    return `sqliteInbox: ${name} was ${what} while this process has it open, so nothing more is acknowledged: stop the processes that use it, put the file back, and start them again`
  }
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
