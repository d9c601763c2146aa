import type { Lanes } from './lanes.ts'
import type { Store } from './store.ts'
import { DEAD, PENDING } from './tally.ts'

/** Runs what failed of a known event: dead tasks from their first attempt, those that wait for a retry now. */
export interface Wake {
  /** Tells whether anything had failed. Inside a transaction. */
  (event: number): 'revived' | 'duplicate'
}

/** Makes it for a receiver. */
export function createWake(store: Store, now: () => number, lanes: Lanes): Wake {
  const { tally, tasks } = store
  const db = store.connections.main
  const find = db.prepare(
    'SELECT id, lane, state, order_key FROM postern_tasks WHERE event = ? AND (state = 3 OR (state = 0 AND error IS NOT NULL AND due > ?))',
  )
  const revive = db.prepare(
    'UPDATE postern_tasks SET state = 0, due = ?, attempt = iif(?, 0, attempt), blocked = ? WHERE id = ?',
  )

  return (event) => {
    const time = Math.floor(now())
    const failed = find.all(event, time) as unknown as FailedRow[]
    for (const task of failed) {
      const { name } = tally.laneOf(task.lane)
      const dead = task.state === DEAD
      const blocked =
        dead &&
        task.order_key !== null &&
        tasks.isTaken(lanes.sharing(name, task.lane), task.order_key)
      revive.run(time, dead ? 1 : 0, blocked ? 1 : 0, task.id)
      if (dead) tally.move(task.lane, DEAD, PENDING)
      lanes.ready(name)
    }
    return failed.length > 0 ? 'revived' : 'duplicate'
  }
}

interface FailedRow {
  readonly id: number
  readonly lane: number
  readonly state: number
  readonly order_key: string | null
}
