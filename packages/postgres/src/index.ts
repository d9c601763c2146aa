export { inTransaction, postgresInbox } from './inbox.ts'
export type { PostgresInboxOptions } from './settings.ts'
export type { AppTransaction, RunSql } from './store/guest.ts'
export { postgresMigration } from './store/migrate.ts'
