import {
  erasedError,
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
import { numberOf } from './filter.ts'
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
  const { driver, settings, tally, order, revive, history } = store
  const db = driver.main
  const find = db.prepare(
    `SELECT ${REVIVED}, t.event, e.received, e.key, e.contents IS 2 AS erased FROM postern_tasks t JOIN postern_events e ON e.id = t.event
     WHERE t.id IN (SELECT value FROM json_each(?)) ORDER BY t.id`,
  )
  const remove = db.prepare('DELETE FROM postern_tasks WHERE id = ?')
  const left = db.prepare('SELECT 1 FROM postern_tasks WHERE event = ? LIMIT 1')
  const forget = createForget(db, store)
  const isErased = driver.side.prepare(
    'SELECT 1 FROM postern_tasks t JOIN postern_events e ON e.id = t.event WHERE t.id = ? AND e.contents = 2',
  )

  return {
    async replay(filter, options = {}) {
      unknownOptions('replay', options, [...OPTIONS, 'rate'])
      const { state = 'dead' } = filter
      if (state === 'running')
        throw new TypeError(
          'replay: state must be dead, done or pending, got running; a running task ends by itself',
        )
      if (filter.id !== undefined && isErased.get(numberOf(filter.id)))
        throw erasedError('replay', filter.id)
      const from = STATES.indexOf(state)
      const nowOf = clocks(consumers())
      const wanted = { ...filter, state }
      const changed = await each(wanted, options, { states: [from], erased: false }, (row, due) => {
        const now = nowOf(tally.laneOf(row.lane).owner)
        revive.task(row, [row.lane], due === 0 ? now : due, now)
      })
      if (changed.count > 0) look()
      return changed
    },
    async discard(filter, options = {}) {
      unknownOptions('discard', options, OPTIONS)
      const which = { states: [PENDING, DEAD], erased: true }
      const changed = await each(filter, options, which, (row) => {
        drop(row)
        consumerOf(row.lane)?.discarded?.(row.key)
        if (row.state !== DEAD && row.order_key !== null) order.release([row.lane], row.order_key)
      })
      if (changed.count > 0) look()
      return changed
    },
    async prune(before) {
      const all = { limit: Number.MAX_SAFE_INTEGER }
      const which = { states: [DONE, DEAD], erased: true }
      const { count } = await each({ before }, all, which, (row) => {
        drop(row)
        // An event stays known for its whole window: a redelivery must not run a settled sibling again.
        if (row.received < Date.now() - settings.window && left.get(row.event) === undefined)
          forget(row.event)
      })
      return count
    },
  }

  function consumerOf(lane: number): Consumer | undefined {
    const { owner } = tally.laneOf(lane)
    return consumers().find(({ receiver }) => receiver === owner)
  }

  function drop({ id, lane, state, tenant }: TaskRow): void {
    remove.run(id)
    tally.move(lane, state, undefined, tenant)
    history.drop(id)
  }

  /** Changes matching tasks that still have one of these states; those of erased events only if it says so. */
  function each(
    filter: TaskFilter,
    options: ReplayOptions & ChangeOptions,
    which: { readonly states: readonly number[]; readonly erased: boolean },
    change: (row: TaskRow, due: number) => void,
  ): Promise<Changed> {
    const fits = ({ state, erased }: Changeable): boolean =>
      which.states.includes(state) && (which.erased || erased === 0)
    return inSteps(options, async (place) => {
      const { cursor, rows, dryRun } = place
      const found = await search<PlacedRow & Changeable>(
        't.id, t.event, e.received, t.state, e.contents IS 2 AS erased',
        filter,
        { limit: rows, cursor, budget: BUDGET },
      )
      const ids = found.rows.filter(fits).map(({ id }) => id)
      if (dryRun || ids.length === 0) return { count: ids.length, cursor: found.cursor }
      const count = await written(store, () => {
        const current = (find.all(JSON.stringify(ids)) as unknown as TaskRow[]).filter(fits)
        current.forEach((row, at) => change(row, place.due(at)))
        return current.length
      })
      return { count, cursor: found.cursor }
    })
  }
}

interface Changeable {
  readonly state: number
  /** 1 if the contents of its event were erased. */
  readonly erased: number
}

interface TaskRow extends RevivedRow, Changeable {
  readonly event: number
  readonly received: number
  readonly key: string
}
