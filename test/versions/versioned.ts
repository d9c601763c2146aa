import type { Inbox } from '@postern/core/inbox'
import type { LayoutStep } from '@postern/core/engine'

/** Steps of a layout. */
export type Steps = readonly LayoutStep<string>[]

/** What a released store holds, as text that can be read in a change. */
export interface Dump {
  /** Statements that make its tables; none for Redis. */
  readonly schema: readonly string[]
  /** Rows by table, or keys with their type and value. */
  readonly rows: Readonly<Record<string, unknown>>
}

/** A store whose layout tests may change. */
export interface VersionedStore {
  /** The steps of the package. */
  readonly steps: Steps
  /** An invented step: each event gets a note of its topic. */
  readonly note: string
  /** How many events have the note. */
  readonly noted: (store: string) => Promise<number>
  readonly open: (store: string, steps: Steps) => Inbox
  /** As `postern inbox migrate --force`. */
  readonly force: (store: string, steps: Steps) => Promise<void>
  readonly dump: (store: string) => Promise<Dump>
  readonly fill: (store: string, dump: Dump) => Promise<void>
}

// Fixtures grow old: nothing of them may be forgotten.
export const COMMON = {
  lease: '3s',
  dedupeWindow: '36500d',
  keepDone: '36500d',
  keepDead: '36500d',
} as const

/** The number of a row `n`. */
export function count(row: unknown): number {
  return (row as { readonly n: number }).n
}
