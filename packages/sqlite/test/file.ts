import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A database file in a folder of its own. */
export interface TemporaryFile {
  readonly path: string
  remove(): void
}

/** Makes the folder; the file comes with the first who opens it. */
export function temporaryFile(): TemporaryFile {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sqlite-'))
  return {
    path: join(folder, 'inbox.db'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
