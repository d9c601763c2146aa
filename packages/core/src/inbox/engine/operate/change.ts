import { unknownOptions } from '../../../basics/unknown-options.ts'
import { checkChange, checkPrune } from './filter.ts'
import { erasedError } from './erased.ts'
import type { ActionNote, Actions } from './actions.ts'
import { CHANGE_OPTIONS, inSteps, type StepPlace } from './in-steps.ts'
import type { Changed, ChangeOptions, InboxView, ReplayOptions, TaskFilter } from '../../view.ts'
import { reviveTasks } from '../accept/store-batch.ts'
import { DONE, PENDING, STATES } from '../row.ts'
import { patchOf } from '../patch.ts'
import { DELETED, FORGOTTEN } from '../rules.ts'
import { patchAll } from '../run/order.ts'
import { steps, wait, type Steps, type MaybePromise } from '../../../basics/maybe.ts'
import type { Access } from '../access.ts'
import { numberOf, type Search } from './search.ts'
import type { InfoRow } from './store.ts'
import type { ChangedRows, ViewStore } from '../store.ts'
import type { Consumer } from '../../inbox.ts'

/** The inbox as its view sees it. */
export interface ViewParts {
  readonly access: Access
  readonly actions: Actions
  /** Milliseconds that a transaction may take. */
  readonly deadline: number
  /** Receivers that are attached. */
  readonly consumers: () => readonly Consumer[]
  /** Looks for ready tasks in all receivers of this process. */
  readonly look: () => void
  /** Tasks claimed but not started become pending. This process claims none until the returned function is called. */
  readonly pause: () => Promise<() => void>
  /** More tasks of a receiver are open now; fewer if the number is negative. */
  readonly opened: (receiver: string, tasks: number) => void
}

// Milliseconds that finding the tasks of one step may take.
const BUDGET = 100

/** Changes some tasks in a transaction; returns ids of those that counted. */
type Change = (
  rows: ChangedRows,
  tasks: readonly InfoRow[],
  place: StepPlace,
) => MaybePromise<ReadonlySet<number>>

/** Changes by operators. A filter over many tasks is done in steps; each step is one transaction. */
export function createChange(
  store: ViewStore,
  search: Search,
  actions: Actions,
  { access, deadline, consumers, look, pause, opened }: ViewParts,
): Pick<InboxView, 'replay' | 'delete' | 'prune'> {
  return {
    async replay(filter, options = {}) {
      checkChange('replay', filter)
      unknownOptions('replay', options, [...CHANGE_OPTIONS, 'rate'])
      const { state = 'dead' } = filter
      if (state === 'running')
        throw new TypeError(
          'replay: state must be dead, done or pending, got running; a running task ends by itself',
        )
      if (filter.id !== undefined) {
        const row = await access.read(() => store.detail(numberOf(filter.id!)))
        if (row?.erased) throw erasedError('replay', filter.id)
      }
      const from = STATES.indexOf(state)
      const fence = from === PENDING ? 'waiting' : 'settled'
      const fits = (row: InfoRow): boolean => row.state === from && !row.erased
      const given = { ...filter, state }
      const now = Date.now()
      const changed = await actions.noted(
        { what: 'replay', filter: given },
        options,
        (note, left) =>
          each(
            given,
            left,
            fits,
            note,
            (rows, tasks, place) =>
              steps(() =>
                reviveTasks(rows, tasks, fence, (at) => {
                  const due = place.due(at)
                  return due === 0 ? 0 : Math.max(0, due - now)
                }),
              ),
            { oldest: true },
          ),
      )
      if (changed.count > 0) look()
      return changed
    },
    async delete(filter, options = {}) {
      checkChange('delete', filter)
      unknownOptions('delete', options, CHANGE_OPTIONS)
      const fits = ({ state }: InfoRow): boolean => DELETED.from.includes(STATES[state]!)
      const resume = options.dryRun ? undefined : await pause()
      try {
        return await actions.noted({ what: 'delete', filter }, options, (note, left) =>
          each(
            filter,
            left,
            fits,
            note,
            (rows, tasks) => {
              const patches = tasks.map((task) => patchOf(task, DELETED.change))
              return steps(() => patchAll(rows, patches, DELETED.fence, tasks))
            },
            {
              told: (task) =>
                consumers()
                  .find(({ receiver }) => receiver === task.receiver)
                  ?.deleted?.(task.key),
            },
          ),
        )
      } finally {
        resume?.()
      }
    },
    async prune(before, options = {}) {
      checkPrune(before)
      unknownOptions('prune', options, ['by'])
      const all = { ...options, limit: Number.MAX_SAFE_INTEGER }
      const fits = ({ state }: InfoRow): boolean => FORGOTTEN.from.includes(STATES[state]!)
      const filter = { before }
      const { count } = await actions.noted({ what: 'prune', filter }, all, (note, left) =>
        each(filter, left, fits, note, (rows, tasks) =>
          rows.patch(
            tasks.map((task) => patchOf(task, FORGOTTEN.change)),
            FORGOTTEN.fence,
          ),
        ),
      )
      return count
    },
  }

  /** Changes matching tasks that fit, and tells of each that counted. */
  function each(
    filter: TaskFilter,
    options: ReplayOptions & ChangeOptions,
    fits: (row: InfoRow) => boolean,
    note: ActionNote | undefined,
    change: Change,
    {
      told,
      oldest = false,
    }: { readonly told?: (row: InfoRow) => void; readonly oldest?: boolean } = {},
  ): Promise<Changed> {
    return inSteps(options, async (place) => {
      const { cursor, rows: limit, dryRun } = place
      const found = await search(filter, { limit, cursor, budget: BUDGET, oldest })
      const tasks = found.rows.map(({ row }) => row).filter(fits)
      if (dryRun || tasks.length === 0) return { count: tasks.length, cursor: found.cursor }
      if (note && store.begin) await access.write(() => store.begin!(note.begun()))
      const ids = await access.write(() =>
        store.atomic(deadline, (rows) =>
          steps(function* (): Steps<ReadonlySet<number>> {
            const done = yield* wait(change(rows, tasks, place))
            const notes = note?.rows([...done].map(String)) ?? []
            if (notes.length > 0) yield* wait(rows.note(notes))
            return done
          }),
        ),
      )
      note?.done(ids.size)
      const changed = tasks.filter(({ id }) => ids.has(id))
      for (const task of changed) {
        told?.(task)
        if (told && task.state === PENDING) opened(task.receiver, -1)
        if (!told && task.state >= DONE) opened(task.receiver, 1)
      }
      return { count: changed.length, cursor: found.cursor }
    })
  }
}
