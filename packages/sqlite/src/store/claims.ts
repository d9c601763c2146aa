import type { Database } from '../driver/driver.ts'
import { ANY_CLAIMS, COUNT_CLAIMS, DROP_CLAIMS, ODD_CLAIMS, SPREAD_CLAIMS } from '../sql/claims.ts'

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
}

/** Tasks of one claim whose list cannot be read. */
export interface OddRuns {
  readonly token: number
  readonly lane: number
  readonly left: number
}

/** Prepares the statements of a connection. */
export function createStoredRuns(db: Database): StoredRuns {
  const first = db.prepare(ANY_CLAIMS)
  const spread = db.prepare(SPREAD_CLAIMS)
  const count = db.prepare(COUNT_CLAIMS)
  const drop = db.prepare(DROP_CLAIMS)
  const odd = db.prepare(ODD_CLAIMS)
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
  }
}
