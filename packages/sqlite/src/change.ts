import {
  inSteps,
  unknownOptions,
  type Changed,
  type ChangeOptions,
  type Consumer,
  type InboxView,
  type ReplayOptions,
  type TaskFilter,
} from '@postern/core/inbox'
import { clocks } from './clocks.ts'
import { createForget } from './prune.ts'
import { REVIVED, type RevivedRow } from './revive.ts'
import type { PlacedRow, Search } from './search.ts'
import type { Store } from './store.ts'
import { DEAD, DONE, PENDING, STATES } from './tally.ts'
import { written } from './written.ts'

const OPTIONS = ['dryRun', 'limit', 'cursor', 'until'] as const
// Milliseconds that finding the tasks of one step may take.
const BUDGET = 100

/** Changes by operators. A filter over many tasks is done in steps; each step is one transaction. */
export function createChange(
  store: Store,
  search: Search,
  look: () => void,
  consumers: () => readonly Consumer[],
): Pick<InboxView, 'replay' | 'discard' | 'prune'> {
  const { connections, settings, tally, order, revive, history } = store
  const db = connections.main
  const find = db.prepare(
    `SELECT ${REVIVED}, t.event, e.received FROM postern_tasks t JOIN postern_events e ON e.id = t.event
     WHERE t.id IN (SELECT value FROM json_each(?)) ORDER BY t.id`,
  )
  const remove = db.prepare('DELETE FROM postern_tasks WHERE id = ?')
  const left = db.prepare('SELECT 1 FROM postern_tasks WHERE event = ? LIMIT 1')
  const forget = createForget(db, store)

  return {
    async replay(filter, options = {}) {
      unknownOptions('replay', options, [...OPTIONS, 'rate'])
      const { state = 'dead' } = filter
      if (state === 'running')
        throw new TypeError(
          'replay: state must be dead, done or pending, got running; a running task ends by itself',
        )
      const from = STATES.indexOf(state)
      const nowOf = clocks(consumers())
      const changed = await each({ ...filter, state }, options, [from], (row, due) => {
        const now = nowOf(tally.laneOf(row.lane).owner)
        revive.task(row, [row.lane], due === 0 ? now : due, now)
      })
      if (changed.count > 0) look()
      return changed
    },
    async discard(filter, options = {}) {
      unknownOptions('discard', options, OPTIONS)
      const changed = await each(filter, options, [PENDING, DEAD], (row) => {
        drop(row)
        if (row.state !== DEAD && row.order_key !== null) order.release([row.lane], row.order_key)
      })
      if (changed.count > 0) look()
      return changed
    },
    async prune(before) {
      const all = { limit: Number.MAX_SAFE_INTEGER }
      const { count } = await each({ before }, all, [DONE, DEAD], (row) => {
        drop(row)
        // An event stays known for its whole window: a redelivery must not run a settled sibling again.
        if (row.received < Date.now() - settings.window && left.get(row.event) === undefined)
          forget(row.event)
      })
      return count
    },
  }

  function drop({ id, lane, state, tenant }: TaskRow): void {
    remove.run(id)
    tally.move(lane, state, undefined, tenant)
    history.drop(id)
  }

  /** Changes matching tasks that still have one of these states. */
  function each(
    filter: TaskFilter,
    options: ReplayOptions & ChangeOptions,
    states: readonly number[],
    change: (row: TaskRow, due: number) => void,
  ): Promise<Changed> {
    return inSteps(options, async (place) => {
      const { cursor, rows, dryRun } = place
      const found = await search<PlacedRow & { readonly state: number }>(
        't.id, t.event, e.received, t.state',
        filter,
        { limit: rows, cursor, budget: BUDGET },
      )
      const ids = found.rows.filter(({ state }) => states.includes(state)).map(({ id }) => id)
      if (dryRun || ids.length === 0) return { count: ids.length, cursor: found.cursor }
      const count = await written(store, () => {
        const current = (find.all(JSON.stringify(ids)) as unknown as TaskRow[]).filter((row) =>
          states.includes(row.state),
        )
        current.forEach((row, at) => change(row, place.due(at)))
        return current.length
      })
      return { count, cursor: found.cursor }
    })
  }
}

interface TaskRow extends RevivedRow {
  readonly event: number
  readonly received: number
}
