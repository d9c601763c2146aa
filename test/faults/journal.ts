import { openSync, readFileSync, writeSync } from 'node:fs'

/**
 * What handlers did, a line each: written with one system call to a file opened for appending, so that several
 * processes may write and a SIGKILL loses nothing of what was written before it.
 */
export interface Journal {
  write(line: string): void
}

/** Opens a journal for writing. */
export function openJournal(path: string): Journal {
  const file = openSync(path, 'a')
  return { write: (line) => void writeSync(file, `${line}\n`) }
}

/** The lines of a journal so far. */
export function readJournal(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
