import type {
  ArrivalRow,
  AttemptRow,
  ContentsRow,
  LaneRow,
  Newest,
  RecordRow,
  Span,
  TaskRow,
} from '@postern/core/engine'

/** An event as it is stored. */
export interface EventRow extends ContentsRow {
  readonly receiver: string
  readonly key: string
  readonly id: string | null
  readonly topic: string
  readonly tenant: string | null
  readonly provider: string
  readonly received: number
  /** Marked by `storage.content` of its receiver; then it is erased once its tasks are done. */
  readonly contents: 'kept' | 'passing' | 'erased'
}

/** A task as it is stored: what the rules need, and the rest. */
export interface StoredTask extends TaskRow {
  readonly part: string
  readonly data: string | null
  readonly root: number
  readonly turn: number
  readonly runs: number
  readonly cause: string | null
  /** When the lease of its claim ends, in milliseconds since 1970; null if nobody holds it. */
  readonly lease: number | null
}

/** All that the store keeps. Rows are replaced, never changed, so that a transaction can be undone. */
export interface Tables {
  readonly lanes: Table<number, LaneRow & { readonly root: number; readonly turn: number }>
  readonly tenants: Table<string, number>
  readonly events: Table<number, EventRow>
  /** The number of an event by receiver and key. */
  readonly keys: Table<string, number>
  /** The newest task of each key that is folded, by root and key; and when it was written. */
  readonly newest: Table<string, Newest & { readonly at: number }>
  readonly guards: Table<string, { readonly event: string; readonly taken: number }>
  readonly tasks: Table<number, StoredTask>
  readonly attempts: Table<number, readonly (AttemptRow & { readonly seq: number })[]>
  readonly arrivals: Table<string, ArrivalRow>
  readonly series: Table<string, { readonly number: number; readonly day: number }>
  readonly spans: Table<string, Span>
  readonly records: Table<string, RecordRow>
  /** What handlers write in the transaction of `task.commit`. */
  readonly effects: Table<number, string>
  /** A number that nobody else gets. */
  next(): number
  /** The number of a process that opens them. */
  join(): number
  /** Changes with each write. */
  version(): number
  /** Runs in one transaction, or in a part of the open one; if it throws, all that it wrote is undone. */
  transaction<T>(work: () => T): T
}

/** Rows by key. */
export interface Table<Key, Row> {
  get(key: Key): Row | undefined
  set(key: Key, row: Row): void
  delete(key: Key): void
  all(): readonly (readonly [Key, Row])[]
  rows(): readonly Row[]
}

/** Makes empty tables. */
export function createTables(): Tables {
  let depth = 0
  let last = 0
  let processes = 0
  let version = 0
  const undo: (() => void)[] = []

  return {
    lanes: table(),
    tenants: table(),
    events: table(),
    keys: table(),
    newest: table(),
    guards: table(),
    tasks: table(),
    attempts: table(),
    arrivals: table(),
    series: table(),
    spans: table(),
    records: table(),
    effects: table(),
    next: () => ++last,
    join: () => ++processes,
    version: () => version,
    transaction(work) {
      const from = undo.length
      depth++
      try {
        return work()
      } catch (error) {
        while (undo.length > from) undo.pop()!()
        throw error
      } finally {
        depth--
        if (depth === 0) undo.length = 0
      }
    },
  }

  function table<Key, Row>(): Table<Key, Row> {
    const map = new Map<Key, Row>()
    const change = (key: Key, write: () => void): void => {
      const before = map.get(key)
      version++
      if (depth > 0)
        undo.push(() => void (before === undefined ? map.delete(key) : map.set(key, before)))
      write()
    }
    return {
      get: (key) => map.get(key),
      set: (key, row) => change(key, () => void map.set(key, row)),
      delete: (key) => change(key, () => void map.delete(key)),
      all: () => [...map],
      rows: () => [...map.values()],
    }
  }
}
