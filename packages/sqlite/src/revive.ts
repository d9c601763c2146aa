import type { Database } from './driver/driver.ts'
import { BEHIND, gateOf, READY } from './gates.ts'
import type { History } from './history.ts'
import type { Order } from './order.ts'
import { DONE, PENDING, type Tally } from './tally.ts'

/** Makes tasks pending again. For one connection, inside a transaction. */
export interface Revive {
  /** Makes a settled task pending from its first attempt, or a waiting one due. A task that was poison stays a suspect. */
  task(row: RevivedRow, sharing: readonly number[], due: number, now: number): void
  /** Runs the failed tasks of a known event again: dead ones from their first attempt, waiting ones at once. */
  event(event: number, now: number, lanes: ReviveLanes): 'revived' | 'duplicate'
}

/** The lanes of a receiver as it sees them. */
export interface ReviveLanes {
  sharing(subscription: string, lane: number): readonly number[]
  ready(subscription: string): void
}

/** A task that is to be revived. */
export interface RevivedRow {
  readonly id: number
  readonly lane: number
  readonly state: number
  readonly gate: number
  readonly tenant: number
  readonly cut: number
  readonly order_key: string | null
}

/** The columns of {@link RevivedRow}, of `postern_tasks t`. */
export const REVIVED = 't.id, t.lane, t.state, t.gate, t.tenant, t.cut, t.order_key'

/** Prepares the statements. */
export function createRevive(db: Database, tally: Tally, order: Order, history: History): Revive {
  const failed = db.prepare(
    `SELECT ${REVIVED} FROM postern_tasks t
     WHERE event = ? AND (state = 3 OR (state = 0 AND error IS NOT NULL AND due > ?))
     AND (SELECT contents FROM postern_events WHERE id = t.event) IS NOT 2`,
  )
  const restart = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, attempt = 0, gate = ?, charged = 0, token = 0 WHERE id = ?',
  )
  const hasten = db.prepare('UPDATE postern_tasks SET due = ?, gate = ? WHERE id = ?')

  return { task, event }

  function task(row: RevivedRow, sharing: readonly number[], due: number, now: number): void {
    const gate = gateOf(row.cut, row.tenant)
    if (row.state < DONE) {
      const stays = row.gate === BEHIND || (row.gate === READY && due <= now)
      return void hasten.run(due, stays ? row.gate : gate, row.id)
    }
    history.keep(row.id)
    const behind = row.order_key !== null && order.isBehind(sharing, row.order_key, row.id)
    restart.run(due, behind ? BEHIND : gate, row.id)
    tally.move(row.lane, row.state, PENDING, row.tenant)
  }

  function event(number: number, now: number, lanes: ReviveLanes): 'revived' | 'duplicate' {
    const rows = failed.all(number, now) as unknown as RevivedRow[]
    for (const row of rows) {
      const { name } = tally.laneOf(row.lane)
      task(row, lanes.sharing(name, row.lane), now, now)
      lanes.ready(name)
    }
    return rows.length > 0 ? 'revived' : 'duplicate'
  }
}
