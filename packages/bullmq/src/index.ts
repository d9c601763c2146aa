export { bullmqInbox } from './inbox.ts'
export type { BullmqConnection, BullmqInboxOptions } from './settings.ts'
