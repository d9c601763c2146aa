import type { Migrated } from '@postern/core/engine'
import { openFile } from './driver/node.ts'
import { layoutOf, migrateFile } from './store/schema.ts'

/**
 * Brings the tables of a file up to date, as opening it does. With `force` it shuts out processes of older versions though
 * they seem to be active: for those that no longer run.
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
