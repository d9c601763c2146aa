export { inTransaction } from './inbox.ts'
export { sqliteInbox } from './inbox.ts'
export { migrate } from './migrate.ts'
export type { SqliteInboxOptions } from './inbox.ts'
