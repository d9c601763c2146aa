import type { Consumer, Drained } from '@postern/core/inbox'
import type { Lanes } from './lanes.ts'
import { reading, type Store } from './store.ts'

/** The rest after a drain: due tasks of the receiver, and the time of the next one, ends of leases included. */
export function createRest(
  store: Store,
  consumer: Consumer,
  lanes: Lanes,
): () => Promise<Pick<Drained, 'left' | 'next'>> {
  const db = store.connections.main
  const own = 'lane IN (SELECT value FROM json_each(?))'
  const due = db.prepare(
    `SELECT count(*) AS n FROM postern_tasks WHERE state = 0 AND gate <> 1 AND due <= ? AND ${own}`,
  )
  const next = db.prepare(
    `SELECT min(due) AS due FROM postern_tasks WHERE ((state = 0 AND gate <> 1 AND due > ?) OR state = 1) AND ${own}`,
  )
  return async () => Promise.resolve(reading(store, look))

  function look(): Pick<Drained, 'left' | 'next'> {
    const now = Math.floor(consumer.now())
    const numbers = JSON.stringify(lanes.numbers())
    const { n } = due.get(now, numbers) as { n: number }
    const row = next.get(now, numbers) as { due: number | null }
    return { left: n, next: n > 0 ? now : (row.due ?? undefined) }
  }
}
