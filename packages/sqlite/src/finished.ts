import type { Database } from './driver/driver.ts'
import type { Attempt, Settle } from './settle.ts'
import { DONE, RUNNING, type Tally } from './tally.ts'
import type { Kept } from './work.ts'

/** Attempts that ended well and have nothing else to store: settled together at the end of the transaction. */
export interface Finished extends Kept {
  /** Sets `stored` of the attempt before the commit: false if its claim was lost. */
  add(attempt: Attempt, now: number): void
}

// An entry is the distance of the task's id from the first one, and how long it ran in the lower bits.
const TOOK = 2 ** 31
const FAR = 2 ** 21

/** Prepares the statements that settle them. Attempts that were claimed together, with one token, take one statement. */
export function createFinished(db: Database, tally: Tally, settling: Settle): Finished {
  // NOT INDEXED leaves the look-up by id, and none of the leases that are open.
  const finish = db.prepare(
    `UPDATE postern_tasks NOT INDEXED SET state = 2, due = ?, took = j.value & ${TOOK - 1} FROM json_each(?) j
     WHERE postern_tasks.id = ? + (j.value >> 31) AND state = 1 AND token = ?`,
  )
  const finished = db.prepare(
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
      const first = attempts.reduce((least, { id }) => Math.min(least, id), Infinity)
      let entries = ''
      let count = 0
      for (const attempt of attempts) {
        if (!isSmall(attempt, first)) continue
        entries += `${count++ === 0 ? '[' : ','}${(attempt.id - first) * TOOK + attempt.took}`
      }
      const all =
        count > 0 && finish.run(now, `${entries}]`, first, token).changes === attempts.length
      const done = all ? undefined : finishedOf(token, attempts)
      for (const attempt of attempts) {
        attempt.stored = !done || done.has(attempt.id)
        if (attempt.stored) tally.move(attempt.lane, RUNNING, DONE, attempt.tenant)
        // The lease ended, perhaps without another claim; or the attempt ran for very long.
        else attempt.stored = settling.settle(attempt, { kind: 'done' }, now)
      }
    }
    forget()
  }

  function forget(): void {
    // A new one, for the reason `begun.ts` has.
    groups = new Map()
  }

  function finishedOf(token: number, attempts: readonly Attempt[]): ReadonlySet<number> {
    const ids = `[${attempts.map(({ id }) => id).join()}]`
    const rows = finished.all(token, ids) as unknown as { id: number }[]
    return new Set(rows.map(({ id }) => id))
  }
}

function isSmall({ id, took }: Attempt, first: number): boolean {
  return took < TOOK && id - first < FAR
}

interface Group {
  readonly attempts: Attempt[]
  readonly now: number
}
