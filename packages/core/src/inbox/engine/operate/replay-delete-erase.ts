import { unknownOptions } from '../../../basics/unknown-options.ts'
import { checkChange } from './filter.ts'
import type { ActionNote, Actions } from './action-log.ts'
import type {
  Changed,
  ChangeOptions,
  InboxView,
  ReplayOptions,
  TaskFilter,
  EraseOptions,
  TaskDetail,
} from '../../view.ts'
import { reviveTasks } from '../accept/store-batch.ts'
import { DONE, PENDING, STATES, eventOf } from '../row.ts'
import { patchOf } from '../patch.ts'
import { DELETED, FORGOTTEN } from '../rules.ts'
import { patchAll } from '../run/order.ts'
import { steps, wait, type Steps, type MaybePromise } from '../../../basics/maybe.ts'
import type { Access } from '../access.ts'
import { numberOf, type Search, placeOf } from './search.ts'
import type { InfoRow, ContentsRow } from './store.ts'
import type { ChangedRows, ViewStore } from '../store.ts'
import type { Consumer } from '../../inbox.ts'
import { toMonotonic, nextRound } from '../../../basics/deadline.ts'
import {
  decodeDelivery,
  decodeEvent,
  NO_CONTENTS,
  encodeDelivery,
  encodeEvent,
} from '../../codec.ts'
import type { EventRecord } from '../../../event.ts'
import type { ActionRow } from '../journal/store.ts'

export interface ViewParts {
  readonly access: Access
  readonly actions: Actions
  readonly deadline: number
  readonly consumers: () => readonly Consumer[]
  readonly look: () => void
  /** Releases claimed tasks that have not started, and claims no tasks until the returned function is called. */
  readonly pause: () => Promise<() => void>
  /** Adds `tasks` to the count of a receiver's open tasks. A negative number subtracts. */
  readonly opened: (receiver: string, tasks: number) => void
}

// Maximum time for the search of one step, in milliseconds.
const BUDGET = 100

type Change = (
  rows: ChangedRows,
  tasks: readonly InfoRow[],
  place: StepPlace,
) => MaybePromise<ReadonlySet<number>>

/** A change of many tasks is done in steps, each in one transaction. */
export function createChange(
  store: ViewStore,
  search: Search,
  actions: Actions,
  { access, deadline, consumers, look, pause, opened }: ViewParts,
): Pick<InboxView, 'replay' | 'delete' | 'prune' | 'erase'> {
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
                reviveTasks(rows, tasks, fence, (at) => Math.max(0, place.due(at) - now)),
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
      if (!Number.isFinite(before))
        throw new TypeError(
          `prune: before must be milliseconds since 1970, got ${String(before)}; give Date.now() to prune all that have ended`,
        )
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
    async erase(filter, options = {}) {
      checkChange('erase', filter)
      unknownOptions('erase', options, [...CHANGE_OPTIONS, 'passing', 'keep'])
      const { passing = false, keep } = options
      // If the filter has one of these keys, the search goes through tasks, and finds only events that still have
      // tasks.
      const { subscription, part, state, id, cause } = filter
      const byTasks = (subscription ?? part ?? state ?? id ?? cause) !== undefined
      const of = byTasks ? 'tasks' : 'events'
      // A receiver's `storage.content` requested this erasure. So the erasure is not an operator's action, and is not
      // recorded.
      if (passing) return run(undefined, options)
      return actions.noted({ what: 'erase', filter }, options, run)

      function run(note: ActionNote | undefined, left: EraseOptions): Promise<Changed> {
        return inSteps(left, async ({ cursor, rows: limit, dryRun }) => {
          const found = await search(filter, { of, limit, cursor, budget: BUDGET, passing })
          const events = new Set(found.rows.map(({ row }) => row.event))
          // The previous step has already counted the event at the cursor. This step may find more tasks of the event.
          if (dryRun && byTasks && cursor !== undefined) events.delete(eventOf(placeOf(cursor)![1]))
          if (events.size === 0) return { count: 0, cursor: found.cursor }
          const empty = dryRun ? undefined : (row: ContentsRow) => emptied(row, keep)
          const noted = (count: number): readonly ActionRow[] => note?.rows([], count) ?? []
          const count = await access.write(() => store.erase([...events], passing, empty, noted))
          note?.done(count)
          return { count, cursor: found.cursor }
        })
      }
    },
  }

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

interface StepPlace {
  readonly cursor: string | undefined
  readonly rows: number
  readonly dryRun: boolean
  /** Returns the due time of the step's task with index `at`, in milliseconds since 1970. 0 means now. */
  due(at: number): number
}

const CHANGE_OPTIONS = ['dryRun', 'limit', 'cursor', 'until', 'by']

const ROWS = 200

/**
 * Runs a change in small transactions, so that deliveries do not wait long for it. Stops at `limit` or `until`, and
 * returns the cursor for the next call. If `rate` is set, the cursor also contains the due time of the next task.
 */
export async function inSteps(
  options: ReplayOptions,
  step: (place: StepPlace) => MaybePromise<Changed>,
): Promise<Changed> {
  const { limit = 10_000, rate, dryRun = false } = options
  const until = toMonotonic(options.until ?? Infinity)
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new TypeError(`limit: must be a whole number from 1 and up, got ${String(limit)}`)
  if (rate !== undefined && !(rate > 0 && rate < Infinity))
    throw new TypeError(`rate: must be tasks per second above 0, got ${String(rate)}`)
  const started = parse(options.cursor, rate !== undefined)
  const gap = rate === undefined ? 0 : 1000 / rate
  let next = Math.max(started.next, Date.now())
  let { cursor } = started
  let count = 0
  do {
    const from = next
    const due = (at: number): number => (rate === undefined ? 0 : Math.ceil(from + at * gap))
    const changed = await step({ cursor, rows: Math.min(ROWS, limit - count), dryRun, due })
    count += changed.count
    next += changed.count * gap
    cursor = changed.cursor
    // Without this pause, a synchronous store would block the event loop until all steps are done.
    if (cursor !== undefined) await nextRound()
  } while (cursor !== undefined && count < limit && performance.now() < until)
  if (cursor === undefined || rate === undefined) return { count, cursor }
  return { count, cursor: `${Math.ceil(next)}@${cursor}` }
}

function parse(
  cursor: string | undefined,
  paced: boolean,
): { readonly next: number; readonly cursor: string | undefined } {
  const at = paced && cursor !== undefined ? cursor.indexOf('@') : -1
  if (at < 0) return { next: 0, cursor }
  return { next: Number(cursor!.slice(0, at)) || 0, cursor: cursor!.slice(at + 1) }
}

/** Returns the parts that an erased event keeps: identity, topic, times, method, path and the result of `keep`. */
function emptied(
  { event: number, record, head, body }: ContentsRow,
  keep: EraseOptions['keep'],
): ContentsRow {
  const { event, delivery } = readable(record, head, body)
  const { source: _, guards: __, passing: ___, ...rest } = event
  const { method, url, receivedAt } = delivery
  const left = { ...rest, payload: keep?.(event, delivery) ?? null, erased: true as const }
  const path = url.split(/[?#]/, 1)[0]!
  const empty = { method, url: path, headers: [], body: NO_CONTENTS.delivery.body, receivedAt }
  return { event: number, ...encodeDelivery(empty), record: encodeEvent(left) }
}

/**
 * Returns empty contents if the stored contents are damaged. So damaged events, which may contain private data, are
 * erased too.
 */
function readable(
  record: string,
  head: string,
  body: Uint8Array,
): Pick<TaskDetail, 'delivery'> & { readonly event: EventRecord } {
  try {
    const delivery = decodeDelivery(head, body)
    return { event: decodeEvent(record, delivery), delivery }
  } catch {
    return NO_CONTENTS
  }
}

export function erasedError(verb: 'replay' | 'rerun', id: string): TypeError {
  return new TypeError(
    `${verb}: the contents of the event of task ${id} were erased, so it cannot run again; ask the sender to send it under a new id`,
  )
}
