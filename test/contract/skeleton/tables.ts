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

export interface EventRow extends ContentsRow {
  readonly receiver: string
  readonly key: string
  readonly id: string | null
  readonly topic: string
  readonly tenant: string | null
  readonly provider: string
  readonly received: number
  /** `passing` means that the event is erased once its tasks are done. The receiver's `storage.content` sets it. */
  readonly contents: 'kept' | 'passing' | 'erased'
}

/** Stored task. The engine's rules need the fields of `TaskRow`. */
export interface StoredTask extends TaskRow {
  readonly part: string
  readonly data: string | null
  readonly root: number
  readonly turn: number
  readonly runs: number
  readonly cause: string | null
  /** End of the claim's lease, in milliseconds since 1970; null without a claim. */
  readonly lease: number | null
}

/** All data of the store. Writes replace rows and never change them, so that a transaction can be rolled back. */
export interface Tables {
  readonly lanes: Table<number, LaneRow & { readonly root: number; readonly turn: number }>
  readonly tenants: Table<string, number>
  readonly events: Table<number, EventRow>
  /** Event numbers by receiver and key. */
  readonly keys: Table<string, number>
  /** Newest task and its time, by ordered group and debounce key. */
  readonly newest: Table<string, Newest & { readonly at: number }>
  readonly guards: Table<string, { readonly event: string; readonly taken: number }>
  readonly tasks: Table<number, StoredTask>
  readonly attempts: Table<number, readonly (AttemptRow & { readonly seq: number })[]>
  readonly arrivals: Table<string, ArrivalRow>
  readonly series: Table<string, { readonly number: number; readonly day: number }>
  readonly spans: Table<string, Span>
  readonly records: Table<string, RecordRow>
  /** Rows that handlers write in the transaction of `task.commit`. */
  readonly effects: Table<number, string>
  /** Returns a new unique number. */
  next(): number
  /** Returns the number of a new process. */
  join(): number
  version(): number
  /** Runs in a transaction, or in the open one. If `work` throws, its writes are rolled back. */
  transaction<T>(work: () => T): T
}

export interface Table<Key, Row> {
  get(key: Key): Row | undefined
  set(key: Key, row: Row): void
  delete(key: Key): void
  all(): readonly (readonly [Key, Row])[]
  rows(): readonly Row[]
}

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
