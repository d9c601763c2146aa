import { patchAll } from '../run/order.ts'
import { patchOf } from '../patch.ts'
import { revived } from '../rules.ts'
import type { NewEvent, TaskRow } from '../row.ts'
import { steps, wait, type Steps } from '../steps.ts'
import type { MaybePromise } from '../../../basics/maybe.ts'
import type { Rows, Store } from '../store.ts'

/** Runs the failed tasks of known events again, in a transaction of its own. Returns the events that had some. */
export function revive(
  store: Store,
  time: number,
  events: readonly NewEvent[],
): MaybePromise<ReadonlySet<NewEvent>> {
  return steps(function* () {
    const first = yield* wait(store.known(events))
    if ([...first.values()].every((tasks) => tasks.length === 0)) return new Set()
    return yield* wait(store.atomic(time, (rows) => steps(() => reviveIn(rows, events))))
  })
}

/** The same, inside a transaction. */
export function* reviveIn(rows: Rows, events: readonly NewEvent[]): Steps<ReadonlySet<NewEvent>> {
  const failed = yield* wait(rows.known(events))
  const ids = yield* reviveTasks(rows, [...failed.values()].flat(), 'failed')
  return new Set(
    [...failed].flatMap(([event, tasks]) => (tasks.some(({ id }) => ids.has(id)) ? [event] : [])),
  )
}

/** Begins new rounds of tasks, and works out who of their lines may run. Returns those that counted. */
export function* reviveTasks(
  rows: Rows,
  tasks: readonly TaskRow[],
  fence: 'failed' | 'settled' | 'waiting',
  waitOf: (at: number) => number = () => 0,
): Steps<ReadonlySet<number>> {
  const patches = tasks.map((task, at) => patchOf(task, revived(task, fence, waitOf(at)).change))
  return yield* patchAll(rows, patches, fence, tasks)
}
