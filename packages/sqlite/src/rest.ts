import type { Consumer, Drained } from '@postern/core/inbox'
import type { Lanes } from './lanes.ts'
import { reading, type Store } from './store.ts'

/** The rest after a drain: due tasks of the receiver, and the time of the next one, ends of leases included. */
export function createRest(
  store: Store,
  consumer: Consumer,
  lanes: Lanes,
): () => Promise<Pick<Drained, 'left' | 'next'>> {
  const { main: db } = store.driver
  // Each part is one range of an index: what is kept is never scanned.
  const of = 'FROM postern_tasks WHERE lane = ? AND state = 0 AND'
  const due = db.prepare(
    `SELECT (SELECT count(*) ${of} gate = 0 AND due <= ?) + (SELECT count(*) ${of} gate > 1 AND due <= ?) AS n`,
  )
  const next = db.prepare(
    `SELECT min(due) AS due FROM (
       SELECT min(due) AS due ${of} gate = 0 AND due > ? UNION ALL
       SELECT min(due) ${of} gate > 1 AND due > ? UNION ALL
       SELECT min(due) FROM postern_tasks INDEXED BY postern_tasks_leases WHERE state = 1 AND lane = ?)`,
  )
  return async () => Promise.resolve(reading(store, look))

  function look(): Pick<Drained, 'left' | 'next'> {
    const now = Math.floor(consumer.now())
    let left = 0
    let first = Infinity
    for (const lane of lanes.numbers()) {
      left += (due.get(lane, now, lane, now) as { n: number }).n
      const row = next.get(lane, now, lane, now, lane) as { due: number | null }
      first = Math.min(first, row.due ?? Infinity)
    }
    return { left, next: left > 0 ? now : first === Infinity ? undefined : first }
  }
}
