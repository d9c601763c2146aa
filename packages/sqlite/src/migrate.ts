import type { Migrated } from '@postern/core/engine'
import { openFile } from './driver/node.ts'
import { layoutOf, migrateFile } from './store/schema.ts'

/**
 * Updates the tables of a file to the version of this package, as opening the file does. With `force`, does not check
 * for active processes of older versions. Use `force` only if no such process runs. Returns the versions before and
 * after.
 *
 * @throws {TypeError} If the file cannot be an inbox, or if active processes could not use the updated tables.
 *
 * @example
 * const { from, to } = migrate({ path: 'webhooks.db', force: true })
 */
export function migrate({
  path,
  force,
}: {
  readonly path: string
  readonly force?: boolean
}): Migrated {
  let migrated: Migrated | undefined
  const layout = layoutOf(path)
  openFile(
    path,
    (database, life) => (migrated = migrateFile(database, life, layout, force)),
  ).close()
  return migrated!
}
