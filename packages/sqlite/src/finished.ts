import type { DatabaseSync } from 'node:sqlite'
import { DONE, RUNNING, type Tally } from './tally.ts'
import type { Attempt } from './settle.ts'
import type { Kept } from './work.ts'

/** Attempts that ended well and have nothing else to store: settled together at the end of the transaction. */
export interface Finished extends Kept {
  /** Sets `stored` of the attempt before the commit: false where its claim was lost. */
  add(attempt: Attempt, now: number): void
}

/** Makes what settles them. Those that were claimed together, with one token, take one statement. */
export function createFinished(db: DatabaseSync, tally: Tally): Finished {
  // NOT INDEXED leaves the look-up by id, and none of the leases that are open.
  const settle = db.prepare(
    `UPDATE postern_tasks NOT INDEXED SET state = 2, due = ?, error = NULL
     WHERE state = 1 AND token = ? AND id IN (SELECT value FROM json_each(?))`,
  )
  const settled = db.prepare(
    `SELECT id FROM postern_tasks NOT INDEXED
     WHERE state = 2 AND token = ? AND id IN (SELECT value FROM json_each(?))`,
  )
  let groups = new Map<string, Group>()

  return { add, store, stored: () => {}, forget }

  function add(attempt: Attempt, now: number): void {
    // Receivers have clocks of their own.
    const key = `${attempt.token} ${attempt.receiver}`
    const group = groups.get(key)
    if (group) group.attempts.push(attempt)
    else groups.set(key, { attempts: [attempt], now })
  }

  function store(): void {
    for (const { attempts, now } of groups.values()) {
      const { token } = attempts[0]!
      const ids = `[${attempts.map(({ id }) => id).join()}]`
      const { changes } = settle.run(now, token, ids)
      const kept = changes === attempts.length ? undefined : keptOf(token, ids)
      for (const attempt of attempts) {
        attempt.stored = !kept || kept.has(attempt.id)
        if (attempt.stored) tally.move(attempt.lane, RUNNING, DONE)
      }
    }
    forget()
  }

  function forget(): void {
    // A new one, for the reason `begun.ts` has.
    groups = new Map()
  }

  function keptOf(token: number, ids: string): ReadonlySet<number> {
    const rows = settled.all(token, ids) as unknown as { id: number }[]
    return new Set(rows.map(({ id }) => id))
  }
}

interface Group {
  readonly attempts: Attempt[]
  readonly now: number
}
