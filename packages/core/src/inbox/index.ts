export { grouped } from '../basics/grouped.ts'
export type {
  AcceptWithin,
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
  Ran,
  Taken,
  TaskDraft,
  TaskError,
} from './inbox.ts'
export type {
  Cause,
  Changed,
  ChangeOptions,
  EraseOptions,
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
  decodeKept,
  encodeDelivery,
  encodeEvent,
  encodeKept,
  packDelivery,
  packKept,
  unpackDelivery,
  unpackKept,
} from './codec.ts'
export type { Records } from './records.ts'
export type { Ledger, LedgerClaim } from './inline/ledger.ts'
export type { EventRecord, StoredDelivery } from '../event.ts'
export { createSemaphore, type Semaphore } from './kit/semaphore.ts'
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
export { unknownOptions } from '../basics/unknown-options.ts'
export { createAlarm, type Alarm } from './kit/alarm.ts'
export { stopwatchOf } from './kit/stopwatch.ts'
export { attachment, type Attachment, type AttachmentOptions, type Side } from './kit/attachment.ts'
export type { BatchWork } from './kit/backlog.ts'
export { closeBy, type ClosingHost } from './kit/closing.ts'
export { createBatch, type Batch, type BatchOptions, type Fault } from './kit/batch.ts'
export { checks, type Checks, type CommonDefaults, type CommonSettings } from './kit/checks.ts'
export { causeOf } from './kit/cause.ts'
export {
  arrivalCursor,
  arrivalPlace,
  checkDeliveryFilter,
  matchesDelivery,
  type ArrivalPlace,
  type DeliveryPage,
} from './kit/delivery-filter.ts'
export { editedEvent } from './kit/edited-event.ts'
export { checkErase, erased, erasedError, isAboutTasks } from './kit/erased.ts'
export { settledBy, timeTo, toMonotonic, within } from './kit/deadline.ts'
export {
  checkFilter,
  likeText,
  matches,
  topicMatch,
  where,
  type Columns,
  type Condition,
  type TopicMatch,
} from './kit/filter.ts'
export { inSteps, type StepPlace } from './kit/in-steps.ts'
export {
  interrupted,
  isSuspect,
  poison,
  type Interrupted,
  type Interruptions,
} from './kit/interrupted.ts'
export { createLeases, type Leased, type Leases, type LeasesOptions } from './kit/leases.ts'
export type { Ended, RunnerTask } from './kit/ending.ts'
export { createRunner } from './kit/runner.ts'
export type { Runner, RunnerOptions } from './kit/runner-types.ts'
export { startable, type Ahead, type Slot } from './kit/slot.ts'
export { orphansOf } from './kit/orphans.ts'
export { suspects, type Suspects } from './kit/suspects.ts'
export { createPace, type Pace } from './kit/pace.ts'
export { createSpacing, type Spacing } from './kit/spacing.ts'
export { createSweep, type Sweep } from './kit/sweep.ts'
export { observed, type Observed } from '../subscribe/run/observed.ts'
export { transactions, type Transactions } from './kit/transactions.ts'
export { addHistograms, bucketMiddle, bucketOf, quantile, type Histogram } from './kit/histogram.ts'
export {
  countKey,
  countsOf,
  createBuckets,
  DAY,
  floor,
  gaugeCounts,
  gaugeKey,
  HOUR,
  HOURS_KEPT,
  MINUTE,
  MINUTES_KEPT,
  type Buckets,
  type SeriesKey,
} from './kit/history.ts'
export {
  createJournalBuffer,
  type JournalBuffer,
  type JournalBufferOptions,
} from './kit/journal-buffer.ts'
export {
  addCounts,
  addMinutes,
  packMinute,
  unpackMinute,
  type Counts,
  type Minute,
} from './kit/minute-pack.ts'
export type { Series, SeriesName } from './kit/series.ts'
export type {
  Batch as StoreBatch,
  Fault as StoreFault,
  Guarded,
  GuestRows,
  Rows,
  Store,
  Stride,
} from './engine/store.ts'
export * from './engine/row.ts'
export type { Attempted, Ended as EndedTask, Fence, Patch } from './engine/patch.ts'
export type * from './engine/operate/store.ts'
export type * from './engine/journal/store.ts'
export {
  checkLiving,
  migrationOf,
  shutOut,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Migration,
  type Versions,
} from './engine/layout.ts'
export { createStanding, type Standing } from './engine/standing.ts'
export { engineInbox, type EngineInboxOptions } from './engine/inbox.ts'
export { engineSettings, type EngineOptions, type EngineSettings } from './engine/settings.ts'
export {
  cut,
  discarded,
  forgotten,
  gateOf,
  givenBack,
  letGo,
  lineUp,
  revived,
  settled,
  unreadable,
  type Claimed,
  type Cut,
  type Fenced,
} from './engine/rules.ts'
export { createSeal, type KeyOption, type Seal } from './seal.ts'
export { isSealed, openKept } from './sealed-kept.ts'
export { opened } from './sealed-port.ts'
