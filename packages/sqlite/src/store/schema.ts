import {
  checkLiving,
  checkReadable,
  migrationOf,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Versions,
} from '@postern/core/engine'
import type { Database, Life } from '../driver/driver.ts'
import { STEPS } from '../sql/tables.ts'

export type FileLayout = Layout<string>

export function layoutOf(path: string, steps: readonly LayoutStep<string>[] = STEPS): FileLayout {
  return {
    inbox: 'sqliteInbox',
    package: '@postern/sqlite',
    place: path,
    steps,
    force: `postern inbox migrate --force --sqlite ${path}`,
  }
}

/**
 * Creates the tables, or updates those of an older version. Throws a `TypeError` if the stored version does not allow
 * this one. Without `force`, also throws if running processes could not use the updated tables.
 */
export function migrateFile(
  db: Database,
  life: Pick<Life, 'isHeld'>,
  layout: FileLayout,
  force = false,
): Migrated {
  const found = versionsOf(db, layout)
  if (!migrationOf(layout, found)) return { from: found, to: found }
  return db.transaction(() => {
    // Another process may have updated the tables while this process waited for the lock.
    const from = versionsOf(db, layout)
    const migration = migrationOf(layout, from)
    if (!migration) return { from, to: from }
    if (from.version === 0)
      db.exec(
        'CREATE TABLE postern_schema (version INTEGER NOT NULL, oldest INTEGER NOT NULL) STRICT; INSERT INTO postern_schema VALUES (0, 0)',
      )
    else if (!force) checkLiving(layout, migration, from, living(db, life))
    for (const statements of migration.changes) db.exec(statements)
    const { to } = migration
    db.prepare('UPDATE postern_schema SET version = ?, oldest = ?').run(to.version, to.oldest)
    return { from, to }
  })
}

/** Throws a `TypeError` if this version cannot read the file without an update. */
export function checkFile(db: Database, layout: FileLayout): void {
  checkReadable(layout, versionsOf(db, layout))
}

function living(db: Database, life: Pick<Life, 'isHeld'>): readonly number[] {
  const its = 'SELECT id, version FROM postern_processes WHERE gone = 0'
  const rows = db.prepare(its).all() as readonly { id: number; version: number }[]
  return rows.flatMap(({ id, version }) => (life.isHeld(id) ? version : []))
}

function versionsOf(db: Database, { inbox, place }: FileLayout): Versions {
  const tables = db
    .prepare("SELECT count(*) AS found FROM sqlite_schema WHERE type = 'table' AND name = ?")
    .get('postern_schema') as { found: number }
  if (tables.found === 0) return { version: 0, oldest: 0 }
  const row = db.prepare('SELECT * FROM postern_schema').get() as
    | { readonly [Column in keyof Versions]?: unknown }
    | undefined
  if (typeof row?.version !== 'number' || typeof row.oldest !== 'number')
    throw new TypeError(
      `${inbox}: ${place} has a table postern_schema that is not of this package: use another file`,
    )
  return { version: row.version, oldest: row.oldest }
}
