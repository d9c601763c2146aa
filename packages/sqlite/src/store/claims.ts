import type { Database } from '../driver/driver.ts'
import {
  ADD_FOUND,
  ANY_CLAIMS,
  COUNT_CLAIMS,
  COUNT_FOUND,
  DROP_CLAIMS,
  DROP_ODD,
  ODD_CLAIMS,
  SPREAD_CLAIMS,
  UNNAMED,
} from '../sql/claims.ts'

/** Tasks that were claimed as they were stored, and run: each commit has one row of them, and no task has one of its own. */
export interface StoredRuns {
  /** True if some were claimed before a time; without one, if there are any. */
  any(before?: number): boolean
  /**
   * Gives each of them its own row. To be called before rows of running tasks are looked at or changed, and before rows of
   * settled ones go: a task without a row is then one that runs. Inside a transaction.
   */
  spread(before?: number): void
  /** Those whose list cannot be read: `left` tasks of a claim. */
  odd(): readonly OddRuns[]
  /**
   * Gives rows to the tasks of such a list, whose process has ended, and drops the list: they are the events of its commit
   * without a task of its lane. False if these are more than are open: which of them it named is then not known. Inside a
   * transaction.
   */
  find(odd: OddRuns): boolean
}

/** Tasks of one claim whose list cannot be read. */
interface OddRuns {
  readonly token: number
  readonly lane: number
  /** When they were stored. */
  readonly at: number
  readonly left: number
}

// A token is a process and a claim: no run has the last claim, so that a late outcome of the lost process is refused.
const CLAIM = 2 ** 32

/** Prepares the statements of a connection. */
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
