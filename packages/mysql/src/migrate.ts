import type { Migrated } from '@postern/core/engine'
import { checkSettings, type MysqlInboxOptions } from './settings.ts'
import { createDatabase } from './store/connection.ts'
import { checkServer, layoutOf, migrateTables } from './store/migrate.ts'

/**
 * Brings the tables up to date, as an inbox does with its first delivery. With `force` it shuts out processes of older versions
 * though they seem to be active: for those that no longer run.
 *
 * @example
 * const { from, to } = await migrate({ connectionString: process.env.DATABASE_URL, force: true })
 */
export async function migrate({
  force = false,
  ...options
}: Pick<MysqlInboxOptions, 'connectionString' | 'pool' | 'database'> & {
  readonly force?: boolean
}): Promise<Migrated> {
  const settings = checkSettings(options)
  const db = createDatabase(settings)
  try {
    await checkServer(db, settings.database)
    return await migrateTables(db, layoutOf(settings.database), {
      ...settings,
      migrate: true,
      force,
    })
  } finally {
    await db.close(performance.now() + settings.deadline)
  }
}
