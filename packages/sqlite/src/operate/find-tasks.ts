import type { Database } from '../driver/driver.ts'

/** Finds tasks by an index. Only reads. */
interface TaskFinder {
  byId(id: string): readonly number[]
  running(): readonly number[]
  /** All pending ones, or undefined if there are too many to sort: the newest events have some then. */
  pending(lanes: readonly number[] | undefined): readonly number[] | undefined
  /** Of these lanes, those that have dead or failing tasks. */
  lanes(lanes: readonly number[] | undefined): readonly number[]
  /** Those behind an id: below it and descending, or with `oldest` above it and ascending. */
  dead(lane: number, behind: number, most: number, oldest: boolean): readonly number[]
  ofCause(
    cause: string,
    lane: number,
    behind: number,
    most: number,
    oldest: boolean,
  ): readonly number[]
}

// Pending tasks that are sorted for one page.
const MOST = 5000

/** Prepares the statements. */
export function createTaskFinder(db: Database): TaskFinder {
  const byId = db.prepare('SELECT id FROM postern_tasks WHERE id = ?')
  const running = db.prepare('SELECT id FROM postern_tasks WHERE lease = 1 AND token > 0')
  const wanted = 'FROM postern_lanes WHERE (? IS NULL OR id IN (SELECT value FROM json_each(?)))'
  const lanes = db.prepare(`SELECT id ${wanted} AND pending + running + dead > 0`)
  const count = db.prepare(`SELECT coalesce(sum(pending), 0) AS n ${wanted}`)
  // One range of a partial index each.
  const of = 'SELECT id FROM postern_tasks WHERE lane = ? AND state = 0 AND'
  const pending = db.prepare(
    `${of} gate = 0 AND behind = 0 UNION ALL ${of} gate > 0 AND behind = 0 UNION ALL ${of} behind = 1`,
  )
  const inOrder = (sql: string) => {
    const newest = db.prepare(`${sql} AND id < ? ORDER BY id DESC LIMIT ?`)
    const oldest = db.prepare(`${sql} AND id > ? ORDER BY id LIMIT ?`)
    return (oldestFirst: boolean) => (oldestFirst ? oldest : newest)
  }
  const dead = inOrder(
    'SELECT id FROM postern_tasks INDEXED BY postern_tasks_dead WHERE lane = ? AND state = 3',
  )
  const ofCause = inOrder(
    'SELECT id FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause = ? AND lane = ?',
  )

  return {
    byId: (id) => (/^[1-9]\d{0,15}$/.test(id) ? ids(byId.all(Number(id))) : []),
    running: () => ids(running.all()),
    pending(among) {
      const { n } = count.get(listOf(among), listOf(among)) as { n: number }
      if (n > MOST) return undefined
      return lanesOf(among).flatMap((lane) => ids(pending.all(lane, lane, lane)))
    },
    lanes: lanesOf,
    dead: (lane, behind, most, oldest) => ids(dead(oldest).all(lane, behind, most)),
    ofCause: (cause, lane, behind, most, oldest) =>
      ids(ofCause(oldest).all(cause, lane, behind, most)),
  }

  function lanesOf(among: readonly number[] | undefined): readonly number[] {
    return ids(lanes.all(listOf(among), listOf(among)))
  }
}

function listOf(lanes: readonly number[] | undefined): string | null {
  return lanes === undefined ? null : JSON.stringify(lanes)
}

function ids(rows: readonly unknown[]): readonly number[] {
  return (rows as readonly { id: number }[]).map(({ id }) => id)
}
