import type { Claim, Outcome } from '@postern/core/inbox'
import { createBegun, type Begun } from './begun.ts'
import type { Connections } from './connection.ts'
import { createFinished, type Finished } from './finished.ts'
import { createKeys, type Keys } from './known.ts'
import type { Slot } from './lanes.ts'
import type { Settings } from './settings.ts'
import { createParts, type Parts } from './parts.ts'
import type { Attempt } from './settle.ts'
import { createTokens } from './token.ts'
import { createWriter, type Writer } from './write.ts'

/** One file and all that works on it in this process, for all receivers. */
export interface Store extends Parts {
  readonly settings: Settings
  readonly connections: Connections
  readonly writer: Writer
  readonly keys: Keys
  readonly begun: Begun
  readonly finished: Finished
  /** Leases of the attempts of this process, by task. */
  readonly running: Map<number, Lease>
  /** How often `task.commit` has written, through the other connection. */
  commits: number
  /** Fences the claims of the open transaction: no claim before had it. */
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
  /** Lets the next suspect run, if this one is a suspect. */
  readonly free: (() => void) | undefined
  /** The outcome `task.commit` has stored. */
  committed: Outcome | undefined
  /** True once it was given back: its outcome is refused. */
  given: boolean
  /** When it started, on the clock of `performance.now()`. */
  started: number
  /** Its place among the open attempts of its receiver. */
  place: number
}

/** Puts a store together. */
export function createStore(connections: Connections, settings: Settings): Store {
  const { main } = connections
  const parts = createParts(main)
  const keys = createKeys(main)
  const begun = createBegun(main, parts.tally)
  const finished = createFinished(main, parts.tally, parts.settle)
  const tokens = createTokens(main)
  const kept = [begun, finished, ...parts.kept, keys, tokens]
  return {
    ...parts,
    settings,
    connections,
    writer: createWriter(main, settings.path, kept),
    keys,
    begun,
    finished,
    running: new Map(),
    commits: 0,
    token: () => tokens.current(),
  }
}
