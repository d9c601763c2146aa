import type { Claim, Outcome } from '@postern/core'
import type { Connections } from './connection.ts'
import { createKeys, type Keys } from './keys.ts'
import type { Settings } from './settings.ts'
import { createTally, type Tally } from './tally.ts'
import { createTasks, type Attempt, type Tasks } from './tasks.ts'
import { createWriter, type Writer } from './writer.ts'

/** One file and all that works on it in this process, for all receivers. */
export interface Store {
  readonly settings: Settings
  readonly connections: Connections
  readonly writer: Writer
  readonly tally: Tally
  readonly keys: Keys
  readonly tasks: Tasks
  /** Attempts of this process, by task. */
  readonly running: Map<number, Running>
  /** How often `task.commit` has written, through the other connection. */
  commits: number
  /** A token no other claim has had. */
  token(): number
}

/** An attempt of this process. */
export interface Running extends Attempt {
  readonly claim: Claim
  /** When the lease was renewed, in milliseconds since 1970. */
  leased: number
  /** The outcome `task.commit` has stored. */
  committed: Outcome | undefined
}

/** Puts a store together. */
export function createStore(connections: Connections, settings: Settings): Store {
  const tally = createTally(connections.main)
  const keys = createKeys(connections.main)
  // A random start keeps the tokens of processes apart, and those of a task whose number was given again after pruning.
  let token = Math.floor(Math.random() * 2 ** 52)
  return {
    settings,
    connections,
    writer: createWriter(connections.main, settings.path, [tally, keys]),
    tally,
    keys,
    tasks: createTasks(connections.main, tally),
    running: new Map(),
    commits: 0,
    token: () => ++token,
  }
}
