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

/** An inbox's side of one receiver, before the rules that all inboxes share. Its deadlines are times of `performance.now()`. */
export interface Side {
  /** As `Port.accept`; never called once closing started. */
  accept: Port['accept']
  /** As `Port.probe`; never called once closing started. */
  probe?: Port['probe']
  /** As `Port.work`; called once. */
  work?(): void
  /** As `Port.drain`. */
  drain?(until: number, max: number, last?: number): Promise<RunDueResult>
  /** As `Port.burst`. */
  burst?: Port['burst']
  /** Looks for ready tasks: something in the store was changed. */
  look?(): void
  /** As `Port.close`; called once. */
  close(until: number): Promise<void>
}

/** What the sides of an inbox share. */
export interface InboxParts extends Omit<EngineInboxOptions, 'store' | 'windowed'> {
  readonly store: Store
  readonly writer: BatchWriter
  readonly numbers: Numbers
  readonly versionWatch: VersionWatch
  readonly token: () => number
  /** Claims that are being made, by token: they are not held here yet. */
  readonly flying: Set<number>
  /** True for a claim of this process. */
  readonly isOwn: (token: number) => boolean
  readonly view: Pick<InboxView, 'orphans'>
  readonly onWork: () => void
  /** After a drain. */
  readonly tidy: (until: number) => Promise<void>
}

/** A receiver's side: its parts reach each other by it, and the view changes it. */
export interface EngineSide extends Required<Side>, InboxParts {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  readonly runner: () => Runner<Task>
  /** A task is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
  /** Tasks were folded: those of other receivers are left out. */
  readonly folded: (folds: Folds) => void
  /** True while a drain runs: the rooms of slots then share what it may run. */
  readonly draining: () => boolean
  /** It is shut out of the store, or, without a reason, that is over. */
  shut(rejected: string | undefined): void
  /** The store went back: what is claimed here is not claimed there. */
  back(message: string): void
  /** As `Runner.pause`, once what it gave back is stored. */
  pause(): Promise<() => void>
}
