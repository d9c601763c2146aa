import type { Database } from '../driver/driver.ts'
import { VERSIONS } from '../sql/tables.ts'

/** Makes the tables, or brings those of an older version up to date. Throws a `TypeError` if a newer one wrote them. */
export function migrate(db: Database, path: string): void {
  if (versionOf(db, path) === VERSIONS.length) return
  db.transaction(() => {
    // Asked again: another process may have migrated while this one waited for the lock.
    const found = versionOf(db, path)
    if (found === 0)
      db.exec(
        'CREATE TABLE postern_schema (version INTEGER NOT NULL) STRICT; INSERT INTO postern_schema VALUES (0)',
      )
    for (const statements of VERSIONS.slice(found)) db.exec(statements)
    db.prepare('UPDATE postern_schema SET version = ?').run(VERSIONS.length)
  })
}

function versionOf(db: Database, path: string): number {
  const tables = db
    .prepare("SELECT count(*) AS found FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get('postern_schema') as { found: number }
  if (tables.found === 0) return 0
  const row = db.prepare('SELECT * FROM postern_schema').get() as { version?: unknown } | undefined
  const version = row?.version
  if (typeof version !== 'number')
    throw new TypeError(
      `sqliteInbox: path: ${path} has a table postern_schema that is not of this package: use another file`,
    )
  if (version > VERSIONS.length)
    throw new TypeError(
      `sqliteInbox: path: ${path} has schema version ${version}, and this @postern/sqlite knows ${VERSIONS.length} at most: upgrade @postern/sqlite in this process`,
    )
  return version
}
