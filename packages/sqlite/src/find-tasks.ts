import type { TaskFilter } from '@postern/core/inbox'
import type { Database } from './driver/driver.ts'
import type { Place } from './places.ts'

/** Finds tasks by an index. Only reads. */
export interface TaskFinder {
  byId(id: number): readonly Place[]
  running(): readonly Place[]
  /** All pending ones, or undefined if there are too many to sort: the newest events have some then. */
  pending(filter: TaskFilter): readonly Place[] | undefined
  /** Lanes of a filter that have dead or failing tasks. */
  lanes(filter: TaskFilter): readonly number[]
  dead(lane: number, after: Place, most: number): readonly Place[]
  ofCause(cause: string, lane: number, after: Place, most: number): readonly Place[]
}

// Pending tasks that are sorted for one page.
const MOST = 5000

/** Prepares the statements. */
export function createTaskFinder(db: Database): TaskFinder {
  const byId = db.prepare('SELECT event, id AS task FROM postern_tasks WHERE id = ?')
  const running = db.prepare('SELECT event, id AS task FROM postern_tasks WHERE state = 1')
  const own = 'coalesce(r.name = ?, 1) AND coalesce(l.name = ?, 1)'
  const from = `FROM postern_lanes l JOIN postern_receivers r ON r.id = l.receiver WHERE ${own}`
  const lanes = db.prepare(`SELECT l.id ${from} AND l.pending + l.running + l.dead > 0`)
  const count = db.prepare(`SELECT coalesce(sum(l.pending), 0) AS n ${from}`)
  // One range of a partial index each.
  const of =
    'SELECT t.event, t.id AS task FROM postern_tasks t WHERE t.lane = ? AND t.state = 0 AND'
  const pending = db.prepare(
    `${of} t.gate = 0 UNION ALL ${of} t.gate > 1 UNION ALL SELECT t.event, t.id FROM postern_tasks t INDEXED BY postern_tasks_keys
     WHERE t.lane = ? AND t.order_key IS NOT NULL AND t.state < 2 AND t.state = 0 AND t.gate = 1`,
  )
  const after = '(t.event < ? OR (t.event = ? AND t.id < ?)) AND t.event <= ?'
  const newest = `${after} ORDER BY t.event DESC, t.id DESC LIMIT ?`
  const dead = db.prepare(
    `SELECT t.event, t.id AS task FROM postern_tasks t INDEXED BY postern_tasks_dead
     WHERE t.lane = ? AND t.state = 3 AND ${newest}`,
  )
  const ofCause = db.prepare(
    `SELECT t.event, t.id AS task FROM postern_tasks t INDEXED BY postern_tasks_causes
     WHERE t.cause = ? AND t.lane = ? AND ${newest}`,
  )

  return {
    byId: (id) => rows(byId.all(id)),
    running: () => rows(running.all()),
    pending(filter) {
      const { receiver, subscription } = filter
      const { n } = count.get(receiver ?? null, subscription ?? null) as { n: number }
      if (n > MOST) return undefined
      return lanesOf(filter).flatMap((lane) => rows(pending.all(lane, lane, lane)))
    },
    lanes: lanesOf,
    dead: (lane, { event, task }, most) => rows(dead.all(lane, event, event, task, event, most)),
    ofCause: (cause, lane, { event, task }, most) =>
      rows(ofCause.all(cause, lane, event, event, task, event, most)),
  }

  function lanesOf({ receiver, subscription }: TaskFilter): readonly number[] {
    return (lanes.all(receiver ?? null, subscription ?? null) as unknown as { id: number }[]).map(
      ({ id }) => id,
    )
  }
}

function rows(found: unknown): readonly Place[] {
  return found as readonly Place[]
}
