export { inTransaction } from './in-transaction.ts'
export { sqliteInbox } from './inbox.ts'
export { migrate } from './migrate.ts'
export type { SqliteInboxOptions } from './settings.ts'
