import type { DatabaseSync } from 'node:sqlite'
import type { Database } from './driver.ts'
import { withWideNumbers } from './wide-numbers.ts'

/** Wraps a connection of `node:sqlite`. */
export function nodeDatabase(db: DatabaseSync): Database {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const read = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  const dataVersion = db.prepare('PRAGMA data_version')

  return {
    raw: db,
    prepare: (sql) => withWideNumbers(db.prepare(sql), sql),
    exec: (sql) => db.exec(sql),
    transaction(run) {
      begin.run()
      return finish(run)
    },
    snapshot(run) {
      read.run()
      return finish(run)
    },
    version: () => (dataVersion.get() as { data_version: number }).data_version,
  }

  function finish<T>(run: () => T): T {
    try {
      const result = run()
      commit.run()
      return result
    } catch (error) {
      rollback()
      throw error
    }
  }

  /** Some errors, as that of a full disk, have ended the transaction already. */
  function rollback(): void {
    try {
      db.exec('ROLLBACK')
    } catch {}
  }
}
