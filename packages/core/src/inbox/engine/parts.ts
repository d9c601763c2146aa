import type { Consumer, Port, RunDueResult } from '../inbox.ts'
import type { InboxView } from '../view.ts'
import type { Capacity } from './accept/capacity.ts'
import type { Numbers } from './accept/encode.ts'
import type { Lanes } from './run/lanes.ts'
import type { Folds } from './row.ts'
import type { Runner } from './run/runner.ts'
import type { Task } from './run/task.ts'
import type { EngineInboxOptions } from './settings.ts'
import type { Store } from './store.ts'
import type { VersionWatch } from './version.ts'
import type { BatchWriter } from './write/batch.ts'

/** An inbox's side of one receiver. Its deadlines are times of `performance.now()`; `work` and `close` are called once. */
export interface Side {
  accept: Port['accept']
  probe?: Port['probe']
  work?(): void
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  burst?: Port['burst']
  /** Looks for ready tasks, since the store was changed. */
  look?(): void
  close(until: number): Promise<void>
}

export interface InboxParts extends Omit<EngineInboxOptions, 'store' | 'windowed'> {
  readonly store: Store
  readonly writer: BatchWriter
  readonly numbers: Numbers
  readonly versionWatch: VersionWatch
  readonly token: () => number
  /** Tokens of claims that are being made. Their tasks are not held here yet. */
  readonly flying: Set<number>
  readonly isOwn: (token: number) => boolean
  readonly view: Pick<InboxView, 'orphans'>
  readonly onWork: () => void
  /** Drops old rows after `runDue`. */
  readonly tidy: (until: number) => Promise<void>
}

/** A receiver's side in the engine. Its parts reach each other through it. */
export interface EngineSide extends Required<Side>, InboxParts {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  readonly runner: () => Runner<Task>
  /** Notes that a task is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
  readonly folded: (folds: Folds) => void
  /** Returns true while `runDue` runs: then the rooms of slots share its limit. */
  readonly draining: () => boolean
  /** Shuts the receiver out of the store. Without a reason, it may use the store again. */
  shut(rejected: string | undefined): void
  /** Drops the claims of this process: the store was restored to an earlier state. */
  back(message: string): void
  /** As `Runner.pause`. Resolves once the released tasks are stored. */
  pause(): Promise<() => void>
}
