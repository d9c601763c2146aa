import type { Claim, Outcome } from '@postern/core/inbox'
import { createBegun, type Begun } from './begun.ts'
import type { Connections } from './connection.ts'
import { createFinished, type Finished } from './finished.ts'
import { createKeys, type Keys } from './known.ts'
import type { Slot } from './lanes.ts'
import type { Settings } from './settings.ts'
import { createTally, type Tally } from './tally.ts'
import { createTasks, type Attempt, type Tasks } from './settle.ts'
import { createWriter, type Writer } from './write.ts'

/** One file and all that works on it in this process, for all receivers. */
export interface Store {
  readonly settings: Settings
  readonly connections: Connections
  readonly writer: Writer
  readonly tally: Tally
  readonly keys: Keys
  readonly tasks: Tasks
  readonly begun: Begun
  readonly finished: Finished
  /** Leases of the attempts of this process, by task. */
  readonly running: Map<number, Lease>
  /** How often `task.commit` has written, through the other connection. */
  commits: number
  /** Fences the claims of the transaction under way: those of no other have had it. */
  token(): number
}

/** The right of this process to run a task. Holds no payload, since V8 keeps what was in a Map for longer than that. */
export interface Lease {
  readonly id: number
  readonly token: number
  /** When it was renewed, in milliseconds since 1970. */
  leased: number
}

/** An attempt of this process. */
export interface Running extends Attempt {
  readonly slot: Slot
  readonly claim: Claim
  readonly lease: Lease
  /** The outcome `task.commit` has stored. */
  committed: Outcome | undefined
  /** True once it was given back: its outcome is refused. */
  given: boolean
  /** Its place among the open attempts of its receiver. */
  place: number
}

/** Puts a store together. */
export function createStore(connections: Connections, settings: Settings): Store {
  const tally = createTally(connections.main)
  const keys = createKeys(connections.main)
  const begun = createBegun(connections.main, tally)
  const finished = createFinished(connections.main, tally)
  // A random start keeps the tokens of processes apart, and those of a task whose number was given again after pruning.
  let token = Math.floor(Math.random() * 2 ** 52)
  const next = (): void => void token++
  const tokens = { store: () => {}, stored: next, forget: next }
  return {
    settings,
    connections,
    writer: createWriter(connections.main, settings.path, [begun, finished, tally, keys, tokens]),
    tally,
    keys,
    tasks: createTasks(connections.main, tally),
    begun,
    finished,
    running: new Map(),
    commits: 0,
    token: () => token,
  }
}
