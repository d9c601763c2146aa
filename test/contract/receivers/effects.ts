import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ReadEffects } from '@postern/testing'

export function effectsIn(file: string): ReadEffects {
  return ({ folder }) => {
    const path = join(folder, file)
    if (!existsSync(path)) return []
    const db = new DatabaseSync(path)
    try {
      db.exec('PRAGMA busy_timeout = 5000')
      return db
        .prepare('SELECT id FROM effects ORDER BY rowid')
        .all()
        .map(({ id }) => id as string)
    } finally {
      db.close()
    }
  }
}
