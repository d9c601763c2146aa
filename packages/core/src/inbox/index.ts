export { errorText, isA, memberOf, textOf } from '../errors.ts'
export { grouped } from '../basics/maybe.ts'
export { nextRound } from '../basics/deadline.ts'
export type {
  AcceptWithin,
  Claim,
  Consumer,
  RunDueResult,
  Host,
  Inbox,
  Intake,
  IntakeItem,
  Lane,
  Outcome,
  Port,
  Ran,
  Accepted,
  TaskDraft,
} from './inbox.ts'
export type { TaskError } from './view.ts'
export type {
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
  encodeDelivery,
  encodeEvent,
  packKept,
  unpackKept,
} from './codec.ts'
export type { Records } from './inbox.ts'
export type { Ledger, LedgerClaim } from './inline/ledger.ts'
export type { EventRecord, StoredDelivery } from '../event.ts'
export { createSemaphore, type Semaphore } from './engine/semaphore.ts'
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
} from './journal.ts'
export type { ActionQuery, OperatorAction } from './journal.ts'
export { followTasks, type FollowedTasks, type TaskEnds } from './engine/operate/follow.ts'
export type { ActionNote } from './engine/operate/actions.ts'
export type { ActionRow } from './engine/journal/store.ts'
export { createActions, type ActionRows, type Actions } from './engine/operate/actions.ts'
export type { Page } from './page.ts'
export type { Guard } from '../event.ts'
export { nearest, unknownOptions } from '../basics/unknown-options.ts'
export { stopwatchOf } from './engine/stopwatch.ts'
export {
  attachment,
  type Attachment,
  type AttachmentOptions,
  type Side,
} from './engine/attach/attachment.ts'
export type { BatchWork } from './engine/write/backlog.ts'
export { closeBy, type ClosingParts } from './engine/closing.ts'
export { createBatch, type Batch, type BatchOptions, type Fault } from './engine/write/batch.ts'
export {
  checks,
  knownFor,
  type Checks,
  type CommonDefaults,
  type CommonSettings,
} from './engine/attach/checks.ts'
export { causeOf } from './engine/cause.ts'
export { claimedTopic } from '../observe/claimed-topic.ts'
export type { Cause, CauseLane } from './view.ts'
// Not in `deploys.ts`, which is loaded later: a build drops there what `import()` does not name.
export { deploysOf, type Deploy } from '../receiver/deploy-list.ts'
export { topCauses, type CauseGroup, type CauseTotals } from './engine/operate/top-causes.ts'
export {
  arrivalCursor,
  arrivalPlace,
  checkDeliveryFilter,
  matchesDelivery,
  type ArrivalPlace,
  type DeliveryPage,
} from './engine/journal/delivery-filter.ts'
export { settledBy, timeTo, within } from '../basics/deadline.ts'
export {
  matches,
  where,
  type Columns,
  type Condition,
  type TopicMatch,
} from './engine/operate/filter.ts'
export type { Ahead, Slot } from './engine/run/slot.ts'
export { createRunner } from './engine/run/runner.ts'
export type { EndedClaim, RunnerTask } from './engine/run/task-runs.ts'
export { weightOf } from './engine/run/task.ts'
export { watchOrphans, type OrphanWatch } from './engine/lease/watch.ts'
export { suspects, type Suspects } from './engine/suspects.ts'
export { createPace, type Pace } from './engine/accept/capacity.ts'
export { createSpacing, type Spacing } from '../basics/deadline.ts'
export {
  createUnread,
  parsed,
  readableArrival,
  type UnreadTeller,
} from './engine/journal/records.ts'
export { createSweep, type Sweep } from './engine/operate/sweep.ts'
export { observed, type Observed } from '../subscribe/run/observed.ts'
export { transactions, type Transactions } from './engine/accept/transactions.ts'
export {
  addHistograms,
  bucketMiddle,
  bucketOf,
  quantile,
  type Histogram,
} from './engine/journal/histogram.ts'
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
  seriesKey,
  type Buckets,
  type SeriesKey,
} from './engine/journal/buckets.ts'
export {
  addCounts,
  packMinute,
  SPAN_GONE,
  unpackMinute,
  type Counts,
  type Minute,
} from './engine/journal/buckets.ts'
export type {
  StoreBatch,
  Back,
  StoreFault,
  Guarded,
  GuestRows,
  Rows,
  Store,
  Stride,
  ChangedRows,
  ViewStore,
} from './engine/store.ts'
export * from './engine/row.ts'
export {
  FENCES,
  passes,
  type Attempted,
  type EndedTask,
  type Fence,
  type FenceRule,
  type Patch,
  type TaskChange,
} from './engine/patch.ts'
export type { ClockStep } from './engine/operate/ago.ts'
export { createView } from './engine/operate/view.ts'
export { numberOf } from './engine/operate/search.ts'
export type * from './engine/operate/store.ts'
export type * from './engine/journal/store.ts'
export { actionRowsOf } from './engine/operate/actions.ts'
export { createJournal } from './engine/journal/journal.ts'
export { createRecords } from './engine/journal/records.ts'
export type { Access } from './engine/steps.ts'
export {
  checkLiving,
  migrationOf,
  shutOut,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Migration,
  type Versions,
} from './engine/version/layout.ts'
export { createVersionWatch, type VersionWatch } from './engine/version/version-watch.ts'
export { engineInbox } from './engine/inbox.ts'
export { type EngineInboxOptions } from './engine/settings.ts'
export { engineSettings, type EngineOptions, type EngineSettings } from './engine/settings.ts'
export { cut, givenBack, revived, reported, type Cut, type Ruling } from './engine/rules.ts'
export { roomFor } from '../basics/room.ts'
export { tenantKey } from '../basics/tenant-key.ts'
export { identityKey } from '../receive/identity.ts'
export { createSeal, type KeyOption, type Seal } from './seal.ts'
export { isSealed, openKept } from './seal.ts'
export { opened } from './sealed-port.ts'
