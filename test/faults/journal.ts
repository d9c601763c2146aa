import { openSync, readFileSync, writeSync } from 'node:fs'

/**
 * File in which handlers write lines. Each line is one system call in append mode, so that several processes can write
 * and a SIGKILL loses no line.
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
