// The entry for authors of stores: the rules that all inboxes share. This entry may change with every release.
export { nextRound, settledBy, within, createSpacing } from '../../basics/deadline.ts'
export { grouped } from '../../basics/maybe.ts'
export { nearest, unknownOptions } from '../../basics/unknown-options.ts'
export { errorText, isA, memberOf, textOf } from '../../errors.ts'
export { type EventRecord, type Guard, tenantKey } from '../../event.ts'
export { claimedTopic } from '../../observe/claimed-topic.ts'
export { addHistograms, bucketOf, quantile, type Histogram } from '../../observe/journal-buffer.ts'
export { identityKey } from '../../receive/identify.ts'
export { deploysOf } from '../../receiver/app.ts'
export { observed } from '../../subscribe/run/run-context.ts'
export { decodeDelivery, decodeEvent, NO_CONTENTS, encodeDelivery, encodeEvent } from '../codec.ts'
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
export type { JournalBatch } from '../journal.ts'
export { createSeal, type KeyOption, type Seal, isSealed, openKept, opened } from '../seal.ts'
export { createCapacity, type Capacity } from './accept/capacity.ts'
export { transactions, type Transactions } from './accept/transactions.ts'
export { withoutWrites, type Access } from './access.ts'
export { attachment } from './attach/attachment.ts'
export { checks, knownFor, type CommonSettings } from './attach/checks.ts'
export { causeOf } from './cause.ts'
export { engineInbox } from './inbox.ts'
export { DAY, floor, HOUR, MINUTE } from './journal/history.ts'
export { checkDeliveryFilter, matchesDelivery } from './journal/delivery-filter.ts'
export { createJournal } from './journal/journal.ts'
export { createTableJournal } from './journal/table-journal.ts'
export { createUnread, parsed, type UnreadTeller, createRecords } from './journal/records.ts'
export { watchOrphans } from './lease/watch.ts'
export { createActions } from './operate/action-log.ts'
export { matches } from './operate/filter.ts'
export { followTasks, type FollowedTasks, type TaskEnds } from './operate/follow.ts'
export { byColumns, createTableLists } from './operate/scan.ts'
export { comparePlaces, numberOf, placeByTime, scanAll } from './operate/search.ts'
export { createSweep, type Sweep, ago, type ClockStep } from './operate/sweep.ts'
export { dropEvents, eraseTables, pruneTables, type TableDialect } from './operate/table-prune.ts'
export { createTableStats } from './operate/table-view.ts'
export { topCauses, type CauseGroup, type CauseTotals } from './operate/top-causes.ts'
export { createView } from './operate/view.ts'
export type { Side } from './parts.ts'
export type * from './patch.ts'
export { FENCES, passes, patched } from './patch.ts'
export { cut, givenBack, MOST_WAIT, revived, reported } from './rules.ts'
export { suspects } from './run/claim.ts'
export { foldKey } from './run/fold.ts'
export { NO_LINES } from './run/order.ts'
export { createRunner } from './run/runner.ts'
export type { Slot } from './run/slot.ts'
export { type EndedClaim, type RunnerTask, weightOf } from './run/task.ts'
export {
  engineSettings,
  pendingShare,
  serverSettings,
  type DurableInboxOptions,
  type EngineOptions,
  type EngineSettings,
  type ServerInboxOptions,
  type ServerSettings,
} from './settings.ts'
export type * from './store.ts'
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
  createVersionWatch,
  type VersionWatch,
} from './version.ts'
export { createBatch } from './write/batch.ts'
export * from './server.ts'
export type * from './table-sql.ts'
export * from './tables.ts'
export * from './row.ts'
export * from './operate/store.ts'
export type * from './journal/store.ts'
