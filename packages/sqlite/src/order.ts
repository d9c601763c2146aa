import type { Database } from './driver/driver.ts'
import { BEHIND, LATER, READY, SUSPECT } from './gates.ts'

/** Tasks of one order key run one after another. For one connection, inside a transaction. */
export interface Order {
  /** True while an open task of the key goes first. */
  isTaken(lanes: readonly number[], orderKey: string): boolean
  /** True if a task that is to be pending again must wait behind another of its key. Older ones go first. */
  isBehind(lanes: readonly number[], orderKey: string, task: number): boolean
  /** Lets the next task of a key run. */
  release(lanes: readonly number[], orderKey: string): void
}

/** Prepares the statements. */
export function createOrder(db: Database): Order {
  const taken = db.prepare(
    `SELECT 1 FROM postern_tasks WHERE lane = ? AND order_key = ? AND state < 2 AND gate <> ${BEHIND} LIMIT 1`,
  )
  const next = db.prepare(
    `SELECT min(id) AS id FROM postern_tasks WHERE lane = ? AND order_key = ? AND state < 2 AND gate = ${BEHIND}`,
  )
  // A newer task that has not run yet steps back.
  const yieldTo = db.prepare(
    `UPDATE postern_tasks SET gate = ${BEHIND} WHERE lane = ? AND order_key = ? AND state < 2
     AND state = 0 AND gate IN (${READY}, ${LATER}) AND attempt = 0 AND id > ?`,
  )
  const unblock = db.prepare(
    `UPDATE postern_tasks SET gate = iif(cut >= 3, ${SUSPECT}, ${READY}) WHERE id = ?`,
  )

  return { isTaken, isBehind, release }

  function isTaken(lanes: readonly number[], orderKey: string): boolean {
    return lanes.some((lane) => taken.get(lane, orderKey) !== undefined)
  }

  function isBehind(lanes: readonly number[], orderKey: string, task: number): boolean {
    for (const lane of lanes) yieldTo.run(lane, orderKey, task)
    return isTaken(lanes, orderKey)
  }

  function release(lanes: readonly number[], orderKey: string): void {
    if (isTaken(lanes, orderKey)) return
    let first: number | undefined
    for (const lane of lanes) {
      const { id } = next.get(lane, orderKey) as { id: number | null }
      if (id !== null && (first === undefined || id < first)) first = id
    }
    if (first !== undefined) unblock.run(first)
  }
}
