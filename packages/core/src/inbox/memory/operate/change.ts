import { checkFilter, matches } from '../../operate/filter.ts'
import type { ActionNote } from '../../operate/action-note.ts'
import type { Actions } from '../../operate/actions.ts'
import { CHANGE_OPTIONS, inSteps, type StepPlace } from '../../operate/in-steps.ts'
import { editedEvent } from '../../operate/edited-event.ts'
import { erasedError } from '../../operate/erased.ts'
import { unknownOptions } from '../../../basics/unknown-options.ts'
import type { InboxView, TaskFilter, TaskState } from '../../view.ts'
import { DISCARDED } from '../../engine/rules.ts'
import { MemoryEvent } from '../accept/event.ts'
import { info } from './info.ts'
import { hurry, replay } from '../accept/revive.ts'
import { applyChange } from '../run/change.ts'
import { firstEnded } from '../run/run.ts'
import { add, forget } from '../run/settle.ts'
import { closed, keptTasks, type FoundTask, type MemoryState, type MemoryStore } from '../state.ts'
import type { MemoryTask } from '../run/task.ts'

/** What operators do. */
export function changes(
  store: MemoryStore,
  actions: Actions,
): Pick<InboxView, 'replay' | 'rerun' | 'discard' | 'prune'> {
  return {
    replay(filter, options = {}) {
      unknownOptions('replay', options, [...CHANGE_OPTIONS, 'rate'])
      checkFilter(filter, 'replay')
      const { state = 'dead' } = filter
      if (state === 'running')
        throw new TypeError("replay: state must be 'dead', 'done' or 'pending', got 'running'")
      if (filter.id !== undefined && keptOf(store, { id: filter.id })[0]?.task.owner.erased)
        throw erasedError('replay', filter.id)
      const given = { ...filter, state }
      return actions.noted({ what: 'replay', filter: given }, options, (note, left) =>
        inSteps(left, (place) => {
          const { found, next } = oldest(store, given, [state], place, isWhole)
          if (!place.dryRun) found.forEach((one, at) => again(one, place.due(at)))
          writeNote(store, note, idsOf(found))
          return { count: found.length, cursor: next }
        }),
      )
    },
    rerun(id, { payload, by }) {
      const found = keptOf(store, { id })[0]
      if (!found)
        throw new TypeError(`rerun: no task has the id ${id}; done tasks are not kept in memory`)
      if (JSON.stringify(payload) === undefined)
        throw new TypeError(`rerun: payload must be a JSON value, got ${typeof payload}`)
      const { state, task } = found
      if (task.owner.erased) throw erasedError('rerun', id)
      const { receiver, event, delivery, bytes } = task.owner
      const owner = new MemoryEvent(receiver, editedEvent(event, payload), delivery, bytes)
      store.version++
      state.known.enter(owner)
      add(state, owner, task.draft)
      const result = owner.first!.id
      const given = {
        what: 'rerun',
        filter: { id },
        result,
        ...(by !== undefined && { by }),
      } as const
      writeNote(store, actions.once(given), [id, result], 1)
      return result
    },
    discard(filter, options = {}) {
      unknownOptions('discard', options, CHANGE_OPTIONS)
      checkFilter(filter, 'discard')
      return actions.noted({ what: 'discard', filter }, options, (note, left) =>
        inSteps(left, (place) => {
          const { found, next } = oldest(store, filter, DISCARDED.from, place)
          writeNote(store, note, idsOf(found))
          if (!place.dryRun) for (const { state, task } of found) discard(state, task)
          return { count: found.length, cursor: next }
        }),
      )
    },
    prune(before, options = {}) {
      unknownOptions('prune', options, ['by'])
      const found = keptOf(store, { state: 'dead', before })
      for (const { state, task } of found) forget(state, task)
      const note = actions.once({ what: 'prune', filter: { before }, ...options })
      writeNote(store, note, [], found.length)
      return found.length
    },
  }
}

/** Writes what was done in the step of the change itself. */
export function writeNote(
  { acted }: MemoryStore,
  note: ActionNote | undefined,
  tasks: readonly string[],
  count: number = tasks.length,
): void {
  for (const { key, value } of note?.rows(tasks, count) ?? []) acted.set(key, value)
  note?.done(count)
}

function idsOf(found: readonly FoundTask[]): readonly string[] {
  return found.map(({ task }) => task.id)
}

function again({ state, task }: FoundTask, due: number): void {
  if (task.state === 'dead') replay(state, task, due)
  else hurry(state, task)
}

function isWhole({ task }: FoundTask): boolean {
  return !task.owner.erased
}

/** Gives a pending or dead task up for good; its event stays known. */
function discard(state: MemoryState, task: MemoryTask): void {
  const waits = task.state === 'pending'
  if (waits) state.lanes.remove(task)
  applyChange(state, task, DISCARDED.change, 0)
  if (!waits) return forget(state, task)
  closed(state, task)
  firstEnded(task)
}

/** The oldest tasks that a filter means, behind a cursor, and the cursor behind them. */
function oldest(
  store: MemoryStore,
  filter: TaskFilter,
  states: readonly TaskState[],
  { cursor, rows }: Pick<StepPlace, 'cursor' | 'rows'>,
  counts: (found: FoundTask) => boolean = () => true,
): { found: readonly FoundTask[]; next: string | undefined } {
  const above = cursor === undefined ? -1 : Number(cursor)
  const all = keptOf(store, filter).filter(
    (one) => one.task.sequence > above && states.includes(one.task.state) && counts(one),
  )
  const found = all.slice(0, rows)
  return {
    found,
    next: found.length < all.length ? String(found.at(-1)!.task.sequence) : undefined,
  }
}

/** The tasks that a filter means, the oldest first. */
export function keptOf(store: MemoryStore, filter: TaskFilter): readonly FoundTask[] {
  const matching = matches(filter)
  return keptTasks(store).filter((found) =>
    matching(info(found), () => found.task.owner.event.payload),
  )
}
