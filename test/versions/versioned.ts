import type { Inbox } from '@postern/core/inbox'
import type { LayoutStep } from '@postern/core/engine'

export type Steps = readonly LayoutStep<string>[]

/** Contents of a released store, as text that is readable in a diff. */
export interface Dump {
  /** Statements that create the tables. Empty for Redis. */
  readonly schema: readonly string[]
  /** Rows by table. For Redis, the type and value of each key. */
  readonly rows: Readonly<Record<string, unknown>>
}

/** Store whose layout steps tests can replace. */
export interface VersionedStore {
  readonly steps: Steps
  /** Invented step that adds a note to each event. */
  readonly note: string
  /** Returns the number of events with the note. */
  readonly noted: (store: string) => Promise<number>
  readonly open: (store: string, steps: Steps) => Inbox
  /** Migrates like `postern inbox migrate --force`. */
  readonly force: (store: string, steps: Steps) => Promise<void>
  readonly dump: (store: string) => Promise<Dump>
  readonly fill: (store: string, dump: Dump) => Promise<void>
}

// Long retention, because the fixtures get old and must not be deleted.
export const COMMON = {
  lease: '3s',
  dedupeWindow: '36500d',
  keepDone: '36500d',
  keepDead: '36500d',
} as const

/** Returns the column `n` of a row. */
export function count(row: unknown): number {
  return (row as { readonly n: number }).n
}
