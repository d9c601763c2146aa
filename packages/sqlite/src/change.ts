import type { InboxView, TaskFilter } from '@postern/core/inbox'
import { where } from './filter.ts'
import { createForget } from './prune.ts'
import { REVIVED, type RevivedRow } from './revive.ts'
import type { Store } from './store.ts'
import { DEAD } from './tally.ts'
import { written } from './written.ts'

// Tasks changed in one transaction: few, so that deliveries never wait long behind it.
const STEP = 200

/** What operators change. A filter over many tasks is worked off in steps; each step is one transaction. */
export function createChange(
  store: Store,
  look: () => void,
): Pick<InboxView, 'replay' | 'discard' | 'prune'> {
  const { connections, settings, tally, order, revive, history } = store
  const db = connections.main
  const drop = db.prepare('DELETE FROM postern_tasks WHERE id = ?')
  const left = db.prepare('SELECT 1 FROM postern_tasks WHERE event = ? LIMIT 1')
  const forget = createForget(db, store)

  return {
    async replay(filter) {
      const state = filter.state ?? 'dead'
      if (state !== 'dead' && state !== 'done') return 0
      const count = await each({ ...filter, state }, '1', (row) => {
        // 0 is before any clock's time, also that of a receiver whose `now` was given.
        revive.task(row, [row.lane], 0, Date.now())
      })
      look()
      return count
    },
    async discard(filter) {
      const count = await each(filter, 't.state IN (0, 3)', (row) => {
        drop.run(row.id)
        tally.move(row.lane, row.state, undefined, row.tenant)
        history.drop(row.id)
        if (row.state !== DEAD && row.order_key !== null) order.release([row.lane], row.order_key)
      })
      look()
      return count
    },
    prune: (before) =>
      each({ before }, 't.state >= 2', (row) => {
        drop.run(row.id)
        tally.move(row.lane, row.state, undefined, row.tenant)
        history.drop(row.id)
        // An event stays known for its whole window: a redelivery must not run a settled sibling again.
        if (row.received < Date.now() - settings.keepDone && left.get(row.event) === undefined)
          forget(row.event)
      }),
  }

  /** Changes what matches, in order, and gives its number. */
  async function each(
    filter: TaskFilter,
    condition: string,
    change: (row: TaskRow) => void,
  ): Promise<number> {
    let count = 0
    let after = 0
    for (;;) {
      const { sql, values } = where(filter, [['t.id > ?', after]])
      const rows = await written(store, () => {
        const found = db
          .prepare(
            `SELECT ${REVIVED}, t.event, e.received FROM postern_tasks t
             JOIN postern_events e ON e.id = t.event JOIN postern_lanes l ON l.id = t.lane
             JOIN postern_receivers r ON r.id = l.receiver
             WHERE ${condition} AND ${sql} ORDER BY t.id LIMIT ${STEP}`,
          )
          .all(...values) as unknown as TaskRow[]
        for (const row of found) change(row)
        return found
      })
      count += rows.length
      if (rows.length < STEP) return count
      after = rows.at(-1)!.id
    }
  }
}

interface TaskRow extends RevivedRow {
  readonly event: number
  readonly received: number
}
