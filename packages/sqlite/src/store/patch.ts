import {
  GONE,
  type TaskRow,
  type AttemptRow,
  passes,
  patched,
  type Fence,
  type Patch,
  type Attempted,
} from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import {
  DROP_TASK,
  PATCH,
  TO_PATCH,
  ADD_FOUND,
  ANY_CLAIMS,
  COUNT_CLAIMS,
  COUNT_FOUND,
  DROP_CLAIMS,
  DROP_ODD,
  ODD_CLAIMS,
  SPREAD_CLAIMS,
  UNNAMED,
} from '../sql/tasks.ts'
import type { Tally } from './tally.ts'

/** A task, with `contents`, `key` and `receiver` of its event. These three are null if the event is gone. */
interface Row extends TaskRow {
  readonly lease: number
  readonly cause: string | null
  readonly contents: number | null
  readonly key: string | null
  readonly receiver: string | null
}

// A token is the number of a process times CLAIM, plus the number of a claim. No run has the highest claim number.
// Tasks of an unreadable list get a token with this number, so that a late outcome of their process is rejected.
const CLAIM = 2 ** 32

export function processOf(token: number): number {
  return Math.floor(token / CLAIM)
}

const ERASED = 2

/** Creates `Rows.patch`, which is called in a transaction with the time of the file's clock. */
export function createPatch(
  db: Database,
  {
    tally,
    attempts,
    claims,
    isOver,
  }: {
    readonly tally: Tally
    readonly attempts: Attempts
    readonly claims: StoredRuns
    readonly isOver: (token: number) => boolean
  },
): (patches: readonly Patch[], fence: Fence, now: number) => ReadonlySet<number> {
  const find = db.prepare(TO_PATCH)
  const update = db.prepare(PATCH)
  const drop = db.prepare(DROP_TASK)

  return (patches, fence, now) => {
    claims.spread()
    const counted = new Set<number>()
    for (const patch of patches) {
      const row = find.get(patch.id) as Row | undefined
      if (!row || row.round !== patch.round || !holds(row, patch, fence, now)) continue
      change(row, patch, now)
      counted.add(patch.id)
    }
    return counted
  }

  function holds(row: Row, patch: Patch, fence: Fence, now: number): boolean {
    return passes(fence, patch, row, {
      event: () => row,
      due: () => row.due <= now,
      over: () => row.lease === 1 && isOver(patch.token),
      whole: () => row.contents !== ERASED,
    })
  }

  function change(row: Row, patch: Patch, now: number): void {
    const { id, lane, fair } = row
    const { state, attempted } = patch
    if (state === GONE) {
      drop.run(id)
      attempts.drop(id)
      return tally.move(lane, row.state, undefined, fair)
    }
    if (attempted) attempts.add(id, patch.token, attempted, now)
    const next = patched(row, patch, row.lease === 1, now)
    update.run(
      state,
      next.due,
      next.gate,
      next.behind ? 1 : 0,
      next.attempt,
      next.token,
      next.theirs ? 1 : 0,
      next.round,
      next.cut,
      next.charged,
      next.took,
      next.error,
      next.cause,
      next.fold,
      id,
    )
    tally.move(lane, row.state, state, fair)
  }
}

const OUTCOMES = ['done', 'retry', 'postpone', 'dead', 'interrupted'] as const

// Number of attempts that are kept in addition to the first attempt of a task.
const LAST = 19

/** Attempts of tasks. The attempt that settled a task is in the row of the task, so most tasks need no row here. */
export interface Attempts {
  add(task: number, token: number, attempted: Attempted, now: number): void
  drop(task: number): void
}

export function createAttempts(db: Database): Attempts {
  const last = db.prepare(LAST_SEQ)
  const insert = db.prepare(ADD_ATTEMPT)
  const trim = db.prepare(TRIM_ATTEMPTS)
  const drop = db.prepare(DROP_ATTEMPTS)

  return {
    add(task, token, { attempt, took, outcome, error, ended }, now) {
      const { seq } = last.get(task) as { seq: number | null }
      const next = (seq ?? 0) + 1
      const kind = OUTCOMES.indexOf(outcome)
      insert.run(task, next, attempt, Math.floor(ended ?? now), took, kind, processOf(token), error)
      if (next > LAST) trim.run(task, next - LAST)
    },
    drop: (task) => void drop.run(task),
  }
}

export function createAttemptsOf(db: Database): (task: number) => readonly AttemptRow[] {
  const find = db.prepare(ATTEMPTS)
  return (task) =>
    (find.all(task, task) as (Omit<AttemptRow, 'outcome'> & { outcome: number })[]).map((row) => ({
      ...row,
      outcome: OUTCOMES[row.outcome]!,
      process: row.process ?? '',
    }))
}

const LAST_SEQ: string = 'SELECT max(seq) AS seq FROM postern_attempts WHERE task = ?'
const ADD_ATTEMPT: string =
  'INSERT INTO postern_attempts (task, seq, attempt, ended, took, outcome, process, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
const TRIM_ATTEMPTS: string = 'DELETE FROM postern_attempts WHERE task = ? AND seq = ? AND seq > 1'
const DROP_ATTEMPTS: string = 'DELETE FROM postern_attempts WHERE task = ?'
/** Reads the attempts of a task, oldest first, with the attempt in the row of the task as the last one. */
const ATTEMPTS: string = `SELECT a.attempt, a.ended, a.took, a.outcome, a.error, p.name AS process, a.seq FROM postern_attempts a
  LEFT JOIN postern_processes p ON p.id = a.process WHERE a.task = ?
  UNION ALL SELECT t.attempt, t.due, t.took, iif(t.state = 2, 0, 3), t.error, p.name, 9007199254740991
  FROM postern_tasks t LEFT JOIN postern_processes p ON p.id = t.token >> 32
  WHERE t.id = ? AND t.state >= 2 AND t.took IS NOT NULL ORDER BY 7`

/**
 * Running tasks that were claimed in the commit that stored them. At first they have no rows: their commit stored one
 * list of ids per lane (a subscription). `spread` adds the rows.
 */
export interface StoredRuns {
  /** Returns true if there are lists. `before` counts only lists that were stored before that time. */
  any(before?: number): boolean
  /**
   * Adds the missing rows, with the state running. Call this in a transaction before rows of running tasks are read or
   * changed, and before rows of settled tasks are deleted.
   */
  spread(before?: number): void
  /** Returns the lists that cannot be read. */
  odd(): readonly OddRuns[]
  /**
   * Drops an unreadable list, and adds the rows of its tasks. The tasks are found by their events: events of the same
   * commit that have no task in the list's lane. If there are more such events than `left`, nothing is changed, and the
   * result is false. Call this function in a transaction, once the process of the list has ended.
   */
  find(odd: OddRuns): boolean
}

/** An unreadable list, which was stored at the time `at`. `left` is the number of its open tasks. */
interface OddRuns {
  readonly token: number
  readonly lane: number
  readonly at: number
  readonly left: number
}

export function createStoredRuns(db: Database): StoredRuns {
  const first = db.prepare(ANY_CLAIMS)
  const spread = db.prepare(SPREAD_CLAIMS)
  const count = db.prepare(COUNT_CLAIMS)
  const drop = db.prepare(DROP_CLAIMS)
  const odd = db.prepare(ODD_CLAIMS)
  const unnamed = db.prepare(UNNAMED)
  const addFound = db.prepare(ADD_FOUND)
  const countFound = db.prepare(COUNT_FOUND)
  const dropOdd = db.prepare(DROP_ODD)
  const any = (before = Infinity): boolean => first.get(before) !== undefined
  return {
    any,
    spread(before = Infinity) {
      if (!any(before)) return
      spread.run(before)
      count.run(before)
      drop.run(before)
    },
    odd: () => odd.all() as OddRuns[],
    find({ token, lane, at, left }) {
      const found = unnamed.all(at, lane, lane) as { readonly task: number }[]
      if (found.length > left) return false
      const late = token - (token % CLAIM) + CLAIM - 1
      for (const { task } of found) addFound.run(task, lane, at, late)
      countFound.run(found.length, left, lane)
      dropOdd.run(token, lane)
      return true
    },
  }
}
