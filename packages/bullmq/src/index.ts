export { bullmqInbox } from './inbox.ts'
export { migrate } from './migrate.ts'
export type { BullmqConnection, BullmqInboxOptions } from './settings.ts'
