import { PENDING, RUNNING, type ClaimRow, type Wish } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import { CLAIM, CLAIM_GATED, CLAIM_READY, CLAIM_TURNS, MOST_ATTEMPTS } from '../sql/tasks.ts'
import { REACH_TURN } from '../sql/lanes.ts'
import type { Tally } from './tally.ts'

const AGAIN = 2
const SUSPECT = 3

interface Row extends ClaimRow {
  readonly turn: number
}

/** Makes `Store.claim`. Inside a transaction, at a time of the file's clock. */
export function createClaim(
  db: Database,
  tally: Tally,
): (
  wishes: readonly Wish[],
  most: number,
  suspect: boolean,
  token: number,
  now: number,
) => readonly ClaimRow[] {
  const gated = db.prepare(CLAIM_GATED)
  const ready = db.prepare(CLAIM_READY)
  const turns = db.prepare(CLAIM_TURNS)
  const claim = db.prepare(CLAIM)
  const reach = db.prepare(REACH_TURN)

  return (wishes, most, suspect, token, now) => {
    const claimed: ClaimRow[] = []
    let asked = suspect
    for (const { lane, room, now: atOnce } of wishes) {
      let left = Math.min(room, most - claimed.length)
      if (left <= 0) continue
      const rows: Row[] = []
      const take = (found: readonly unknown[]): void => {
        rows.push(...(found as readonly Row[]))
        left -= found.length
      }
      if (asked && atOnce > 0) {
        take(gated.all(lane, SUSPECT, now, 1))
        if (rows.length > 0) asked = false
      }
      const start = Math.min(left, atOnce - rows.length)
      if (start > 0) take(gated.all(lane, AGAIN, now, start))
      if (left > 0) take(ready.all(lane, now, left))
      if (left > 0) take(turns.all(lane, now, left))
      if (rows.length === 0) continue
      claim.run(token, `[${rows.map(({ id }) => id).join()}]`)
      const turn = rows.reduce((most_, row) => Math.max(most_, row.turn), 0)
      if (turn > 0) reach.run(turn, lane, turn)
      for (const row of rows) {
        tally.move(lane, PENDING, RUNNING, row.fair)
        claimed.push({
          ...row,
          attempt: Math.min(row.attempt, MOST_ATTEMPTS) + 1,
          failed: Boolean(row.failed),
        })
      }
    }
    return claimed
  }
}
