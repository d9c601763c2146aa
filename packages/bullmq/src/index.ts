export { bullmqInbox } from './inbox.ts'
export { migrate } from './store/schema.ts'
export type { BullmqInboxOptions } from './settings.ts'
export type { BullmqConnection } from './store/connection.ts'
