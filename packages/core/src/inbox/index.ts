export type { Host, Inbox } from './inbox.ts'
export type { TaskError } from './view.ts'
export type {
  Changed,
  ChangeOptions,
  EraseOptions,
  InboxView,
  SubscriptionStats,
  Orphan,
  ReplayOptions,
  TaskDetail,
  TaskFilter,
  TaskInfo,
  TaskQuery,
  TaskState,
} from './view.ts'
export type { Records } from './inbox.ts'
export type { Ledger, LedgerClaim } from './inline/ledger.ts'
export type { StoredDelivery } from '../event.ts'
export type {
  Arrival,
  ArrivalOutcome,
  Attempt,
  Bucket,
  DeliveryFilter,
  HistoryRange,
  Journal,
  KeptRequest,
  MinuteCount,
  MinuteGauge,
} from './journal.ts'
export type { ActionQuery, OperatorAction } from './journal.ts'
export type { Page } from './view.ts'
export type { Cause, CauseSubscription } from './view.ts'
export type { Deploy } from '../receiver/app.ts'
