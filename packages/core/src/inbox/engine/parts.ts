import type { Consumer, Host } from '../inbox.ts'
import type { InboxView } from '../view.ts'
import type { Capacity } from './accept/capacity.ts'
import type { Numbers } from './accept/encode.ts'
import type { Lanes } from './run/lanes.ts'
import type { Runner } from './run/runner.ts'
import type { Ahead } from './run/slot.ts'
import type { Task } from './run/task.ts'
import type { EngineSettings } from './settings.ts'
import type { Store } from './store.ts'
import type { VersionWatch } from './version/version-watch.ts'
import type { BatchWriter } from './write/batch.ts'

/** What the sides of an inbox share. */
export interface SharedParts {
  readonly store: Store
  readonly writer: BatchWriter
  readonly settings: EngineSettings
  readonly ahead: Ahead
  /** As in `EngineInboxOptions`. */
  readonly hold: number | undefined
  /** False if tasks have no `commit`. */
  readonly commits: boolean
  readonly numbers: Numbers
  readonly versionWatch: VersionWatch
  readonly token: () => number
  /** Claims that are being made, by token: they are not held here yet. */
  readonly flying: Set<number>
  /** True for a claim of this process. */
  readonly isOwn: (token: number) => boolean
  /** The application's transaction of a delivery, if it has one of this inbox. */
  readonly transactionOf: (host: Host) => unknown
  readonly view: Pick<InboxView, 'orphans'>
  readonly onWork: () => void
  /** After a drain. */
  readonly tidy: (until: number) => Promise<void>
}

/** What the parts of a receiver's side share. */
export interface SideParts extends SharedParts {
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  readonly runner: () => Runner<Task>
  /** A task is due at that time, on the consumer's clock. */
  readonly dueAt: (at: number) => void
  /** Any task may be ready. */
  readonly look: () => void
  /** True while a drain runs: the rooms of slots then share what it may run. */
  readonly draining: () => boolean
}
