export { inTransaction } from './in-transaction.ts'
export { sqliteInbox } from './inbox.ts'
export type { SqliteInboxOptions } from './settings.ts'
