import { openSync, readFileSync, writeSync } from 'node:fs'

/**
 * Lines of handlers in a file. Each is written with one system call in append mode, so that several processes may write
 * and a SIGKILL loses no written line.
 */
export interface Journal {
  write(line: string): void
}

export function openJournal(path: string): Journal {
  const file = openSync(path, 'a')
  return { write: (line) => void writeSync(file, `${line}\n`) }
}

export function readJournal(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(0, -1)
  } catch {
    return []
  }
}
