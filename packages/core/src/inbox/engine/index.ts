// What stores are made of: the rules that every inbox shares. It may change with every release.
export { errorText, isA, memberOf, textOf } from '../../errors.ts'
export { grouped } from '../../basics/maybe.ts'
export {
  nextRound,
  settledBy,
  timeTo,
  within,
  createSpacing,
  type Spacing,
} from '../../basics/deadline.ts'
export type {
  AcceptWithin,
  Claim,
  Consumer,
  RunDueResult,
  Intake,
  IntakeItem,
  Lane,
  Outcome,
  Port,
  Ran,
  Accepted,
  TaskDraft,
} from '../inbox.ts'
export {
  decodeDelivery,
  decodeEvent,
  encodeDelivery,
  encodeEvent,
  packKept,
  unpackKept,
} from '../codec.ts'
export type { EventRecord, Guard } from '../../event.ts'
export { createSemaphore, type Semaphore } from './semaphore.ts'
export type { CountKind, JournalBatch } from '../journal.ts'
export { followTasks, type FollowedTasks, type TaskEnds } from './operate/follow.ts'
export {
  type ActionNote,
  createActions,
  type ActionRows,
  type Actions,
  actionRowsOf,
} from './operate/actions.ts'
export type { ActionRow } from './journal/store.ts'
export { nearest, unknownOptions } from '../../basics/unknown-options.ts'
export { stopwatchOf } from './run/task.ts'
export { attachment, type Attachment, type AttachmentOptions } from './attach/attachment.ts'
export type { Side } from './parts.ts'
export type { BatchWork } from './write/batch.ts'
export { closeBy, type ClosingParts } from './closing.ts'
export { createBatch, type Batch, type BatchOptions, type Fault } from './write/batch.ts'
export {
  checks,
  knownFor,
  type Checks,
  type CommonDefaults,
  type CommonSettings,
} from './attach/checks.ts'
export { causeOf } from './cause.ts'
export { claimedTopic } from '../../observe/claimed-topic.ts'
export { deploysOf } from '../../receiver/app.ts'
export { topCauses, type CauseGroup, type CauseTotals } from './operate/top-causes.ts'
export {
  arrivalCursor,
  arrivalPlace,
  checkDeliveryFilter,
  matchesDelivery,
  type ArrivalPlace,
  type DeliveryPage,
} from './journal/delivery-filter.ts'
export { matches, where, type Columns, type Condition, type TopicMatch } from './operate/filter.ts'
export type { Ahead, Slot } from './run/slot.ts'
export { createRunner } from './run/runner.ts'
export type { EndedClaim, RunnerTask } from './run/task.ts'
export { weightOf } from './run/task.ts'
export { watchOrphans, type OrphanWatch } from './lease/watch.ts'
export { suspects, type Suspects } from './suspects.ts'
export { createPace, type Pace } from './accept/capacity.ts'
export {
  createUnread,
  parsed,
  readableArrival,
  type UnreadTeller,
  createRecords,
} from './journal/records.ts'
export { createSweep, type Sweep } from './operate/sweep.ts'
export { observed, type Observed } from '../../subscribe/run/observed.ts'
export { transactions, type Transactions } from './accept/transactions.ts'
export {
  addHistograms,
  bucketMiddle,
  bucketOf,
  quantile,
  type Histogram,
} from '../../observe/journal-buffer.ts'
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
  addCounts,
  packMinute,
  SPAN_GONE,
  unpackMinute,
  type Counts,
  type Minute,
} from './journal/buckets.ts'
export type {
  StoreBatch,
  Back,
  StoreFault,
  Guarded,
  GuestRows,
  Rows,
  SingleRows,
  Store,
  StoreParts,
  Stride,
  ChangedRows,
  ViewStore,
} from './store.ts'
export {
  FENCES,
  passes,
  type Attempted,
  type EndedTask,
  type Fence,
  type FenceRule,
  type Patch,
  type TaskChange,
} from './patch.ts'
export { foldKey } from './run/fold.ts'
export { NO_LINES } from './run/order.ts'
export { ago, type ClockStep } from './operate/ago.ts'
export { createView } from './operate/view.ts'
export { numberOf } from './operate/search.ts'
export { createJournal } from './journal/journal.ts'
export { withoutWrites, type Access } from './access.ts'
export {
  checkLiving,
  checkReadable,
  migrationOf,
  shutOut,
  type Layout,
  type LayoutStep,
  type Migrated,
  type Migration,
  type Versions,
} from './version/layout.ts'
export { createVersionWatch, type VersionWatch } from './version/version-watch.ts'
export { engineInbox } from './inbox.ts'
export {
  type EngineInboxOptions,
  engineSettings,
  type EngineOptions,
  type EngineSettings,
} from './settings.ts'
export { cut, givenBack, revived, reported, type Cut, type Ruling } from './rules.ts'
export { roomFor } from '../../basics/room.ts'
export { tenantKey } from '../../event.ts'
export { identityKey } from '../../receive/identify.ts'
export { createSeal, type KeyOption, type Seal, isSealed, openKept } from '../seal.ts'
export { opened } from '../sealed-port.ts'
export * from './server.ts'
export * from './row.ts'
export * from './operate/store.ts'
export type * from './journal/store.ts'
