import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TemporaryFile {
  readonly path: string
  remove(): void
}

/** Creates the folder. The first connection creates the file. */
export function temporaryFile(): TemporaryFile {
  const folder = mkdtempSync(join(tmpdir(), 'postern-sqlite-'))
  return {
    path: join(folder, 'inbox.db'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
