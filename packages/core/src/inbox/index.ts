export type {
  Claim,
  Consumer,
  Drained,
  Host,
  Inbox,
  Intake,
  IntakeItem,
  Lane,
  Outcome,
  Port,
  Records,
  Taken,
  TaskDraft,
  TaskError,
  Worker,
} from './inbox.ts'
export type {
  Cause,
  Changed,
  ChangeOptions,
  InboxView,
  LaneStats,
  Orphan,
  ReplayOptions,
  TaskDetail,
  TaskFilter,
  TaskInfo,
  TaskQuery,
  TaskState,
} from './view.ts'
export {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  packDelivery,
  unpackDelivery,
} from './codec.ts'
export type { Ledger, LedgerClaim } from './inline/ledger.ts'
export type { EventRecord, StoredDelivery } from '../event.ts'
export { createSlots, type Slots } from './kit/slots.ts'
export type {
  Arrival,
  ArrivalOutcome,
  Attempt,
  Bucket,
  CountKind,
  DeliveryFilter,
  HistoryRange,
  Journal,
  JournalBatch,
  KeptRequest,
  MinuteCount,
  MinuteGauge,
  Page,
} from './journal.ts'
export type { Guard } from '../event.ts'
