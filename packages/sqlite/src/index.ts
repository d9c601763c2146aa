export { inTransaction } from './in-transaction.ts'
export { sqliteInbox } from './sqlite-inbox.ts'
export type { SqliteInboxOptions } from './settings.ts'
