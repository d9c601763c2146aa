import type { Consumer, Host } from '../../inbox.ts'
import type { BatchWriter } from '../write/batch-writer.ts'
import type { Numbers } from './numbers.ts'
import type { Lanes } from '../run/lanes.ts'
import type { Runner } from '../run/runner-types.ts'
import type { Task } from '../run/task.ts'
import type { EngineSettings } from '../settings.ts'
import type { VersionWatch } from '../version/version-watch.ts'
import type { Store } from '../store.ts'
import type { Capacity } from './capacity.ts'

/** The receiver's side as accepting sees it. */
export interface AcceptHost {
  readonly store: Store
  readonly writer: BatchWriter
  readonly settings: EngineSettings
  readonly consumer: Consumer
  readonly lanes: Lanes
  readonly capacity: Capacity
  readonly numbers: Numbers
  readonly token: () => number
  readonly runner: () => Runner<Task>
  /** The application's transaction of a delivery, if it has one of this inbox. */
  readonly transactionOf: (host: Host) => unknown
  readonly versionWatch: VersionWatch
  /** Any task may be ready. */
  readonly look: () => void
}
