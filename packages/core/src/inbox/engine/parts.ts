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

/** One receiver's part of an inbox. Deadlines are times of `performance.now()`. `work` and `close` are called once. */
export interface Side extends Pick<Port, 'accept' | 'probe' | 'work' | 'burst'> {
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  /** Looks for ready tasks. Called after the store was changed. */
  look?(): void
  close(until: number): Promise<void>
}

export interface InboxParts extends Omit<EngineInboxOptions, 'store' | 'windowed'> {
  readonly store: Store
  readonly writer: BatchWriter
  readonly numbers: Numbers
  readonly versionWatch: VersionWatch
  readonly token: () => number
  /** Tokens of claims that this process is making now. The runner does not have the tasks of these claims yet. */
  readonly flying: Set<number>
  readonly isOwn: (token: number) => boolean
  readonly view: Pick<InboxView, 'orphans'>
  readonly onWork: () => void
  /** Drops old rows until `until`, a time of `performance.now()`. */
  readonly tidy: (until: number) => Promise<void>
}

/** A receiver's side in the engine, with all its parts. The parts call each other through this object. */
export interface EngineSide extends Required<Side>, InboxParts {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  readonly runner: () => Runner<Task>
  /** Notes that a task is due at `at`, in milliseconds since 1970 on the consumer's clock. */
  readonly dueAt: (at: number) => void
  readonly folded: (folds: Folds) => void
  /** Returns true while `runDue` runs. In this time, all subscriptions share the task limit of `runDue`. */
  readonly draining: () => boolean
  /**
   * Logs why the receiver must not use the store, and releases its tasks. If `rejected` is undefined, the receiver may
   * use the store again.
   */
  shut(rejected: string | undefined): void
  /** Drops the claims of this process. Called after the store was restored to an earlier state. */
  back(message: string): void
  /** Releases tasks that have not started, as `Runner.pause` does. Resolves once the released tasks are stored. */
  pause(): Promise<() => void>
}
