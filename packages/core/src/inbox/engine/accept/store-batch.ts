import { release, patchAll } from '../run/order.ts'
import type { Accepted } from '../../inbox.ts'
import { assign } from '../run/settle.ts'
import { READY, type NewEvent, type TaskRow, TASKS, type NewTask } from '../row.ts'
import { wait, type Steps, steps, type MaybePromise } from '../../../basics/maybe.ts'
import type { Rows, Guarded, LineRows, Store, StoreBatch } from '../store.ts'
import type { Capacity } from './capacity.ts'
import { type EncodedIntake, type EncodedItem, newTask } from './encode.ts'
import { patchOf, type Patch } from '../patch.ts'
import { foldAgain, newestInstead } from '../run/fold.ts'
import { revived } from '../rules.ts'
import { claimedTask, type Task, weightOf } from '../run/task.ts'
import type { Finder } from '../run/lanes.ts'
import type { Runner } from '../run/runner.ts'

/**
 * Stores a batch inside a transaction, and makes failed tasks of known events pending again. First takes guards (keys
 * that only one event may hold) and turns (numbers by which tenants are served in rotation).
 */
export function* write(
  rows: Rows,
  flat: Flat,
  capacity: Capacity,
): Steps<readonly (readonly Accepted[])[]> {
  const judged = yield* judge(rows, flat.intakes)
  const kept = new Set<NewEvent>()
  for (const intake of flat.intakes)
    if (!judged.rejected.has(intake))
      for (const item of intake.items)
        if (!judged.duplicates.has(item) && !item.again) kept.add(item.event)
  const events = flat.events.filter((event) => kept.has(event))
  const tasks = flat.tasks.filter(({ event }) => kept.has(event!))
  // A task that is not due yet gets its turn later, in `promote`.
  const ready = tasks.filter(({ gate }) => gate === READY)
  const told = yield* assign(rows, ready, (task, turn) => void (task.turn = turn))
  for (const turn of told) capacity.told(turn)
  flat.fresh = yield* wait(rows.insert({ events, tasks, notify: flat.notify }))
  const lines = tasks.flatMap(({ line }) => line ?? [])
  if (lines.length > 0) yield* release(rows, lines)
  const known = events.filter((event) => !flat.fresh.has(event))
  const revived = known.length === 0 ? NONE : yield* reviveIn(rows, known)
  return takenOf(flat, revived, judged)
}

/** Returns the result of each item. If several items of a batch have the same event key, only the first is `new`. */
export function takenOf(
  flat: Flat,
  revived: ReadonlySet<NewEvent>,
  judged?: Judged,
): readonly (readonly Accepted[])[] {
  flat.revived = revived.size > 0
  return flat.intakes.map((intake) =>
    intake.items.map((item): Accepted => {
      if (judged?.rejected.has(intake)) return 'rejected'
      if (judged?.duplicates.has(item) || item.again) return 'duplicate'
      if (flat.fresh.has(item.event)) return 'new'
      return revived.has(item.event) ? 'revived' : 'duplicate'
    }),
  )
}

const NONE: ReadonlySet<NewEvent> = new Set()

interface Judged {
  /** Deliveries with a guard that belongs to another event and has `otherwise: 'reject'`. */
  readonly rejected: ReadonlySet<EncodedIntake>
  /** Events with a guard that belongs to another event and has `otherwise: 'duplicate'`. */
  readonly duplicates: ReadonlySet<EncodedItem>
}

/**
 * Takes the guards of a batch, and returns the deliveries and events that did not get all their guards. The first event
 * that takes a guard keeps it, unless the event is rejected or a duplicate. In that case, another event of the batch
 * may get the guard, so the loop repeats until nothing changes.
 */
function* judge(rows: Rows, batch: readonly EncodedIntake[]): Steps<Judged> {
  const rejected = new Set<EncodedIntake>()
  const duplicates = new Set<EncodedItem>()
  const taken = new Set<Guarded>()
  const wishes = new Map(
    batch.flatMap(({ items }) =>
      items.map((item) => [
        item,
        (item.event.event.guards ?? []).map((guard) => ({ ...guard, event: item.event })),
      ]),
    ),
  )
  for (;;) {
    const items = batch.flatMap((one) =>
      rejected.has(one) ? [] : one.items.filter((item) => !duplicates.has(item)),
    )
    const wanted = items.flatMap((item) => wishes.get(item)!)
    if (wanted.length === 0) return { rejected, duplicates }
    const own = yield* wait(rows.guard(wanted))
    for (const one of own) taken.add(one)
    const lost = (item: EncodedItem, otherwise: string): boolean =>
      wishes.get(item)!.some((one) => one.otherwise === otherwise && !own.has(one))
    const before = rejected.size + duplicates.size
    const left = new Set(items)
    for (const intake of batch)
      if (intake.items.some((item) => left.has(item) && lost(item, 'reject'))) rejected.add(intake)
    for (const item of items) if (lost(item, 'duplicate')) duplicates.add(item)
    if (rejected.size + duplicates.size === before) return { rejected, duplicates }
    const kept = new Set(
      batch.flatMap((one) =>
        rejected.has(one)
          ? []
          : one.items.flatMap((item) => (duplicates.has(item) ? [] : item.event.event.key)),
      ),
    )
    const free = [...taken].filter(({ event }) => !kept.has(event.event.key))
    for (const one of free) taken.delete(one)
    if (free.length > 0) yield* wait(rows.unguard(free))
  }
}

/** Makes failed tasks of known events pending again, in a separate transaction. Returns the events of these tasks. */
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

function* reviveIn(rows: Rows, events: readonly NewEvent[]): Steps<ReadonlySet<NewEvent>> {
  const failed = yield* wait(rows.known(events))
  const ids = yield* reviveTasks(rows, [...failed.values()].flat(), 'failed')
  return new Set(
    [...failed].flatMap(([event, tasks]) => (tasks.some(({ id }) => ids.has(id)) ? [event] : [])),
  )
}

/**
 * Starts a new round of each task, so that the task runs again, and releases lines (the tasks of one ordering key).
 * Returns the ids of changed tasks.
 */
export function* reviveTasks(
  rows: LineRows,
  tasks: readonly TaskRow[],
  fence: 'failed' | 'settled' | 'waiting',
  waitOf: (at: number) => number = () => 0,
): Steps<ReadonlySet<number>> {
  const waits = new Map(tasks.map(({ id }, at) => [id, waitOf(at)]))
  const begun = (task: TaskRow): Patch =>
    patchOf(task, {
      ...revived(task, fence, waits.get(task.id) ?? 0).change,
      ...(task.fold !== null && { fold: foldAgain(task.fold) }),
    })
  // Pending tasks need no `newestInstead`, since folding merges them when a newer task of their key arrives.
  if (fence === 'waiting') return yield* patchAll(rows, tasks.map(begun), fence, tasks)
  const { own, newest, ended } = yield* newestInstead(rows, tasks)
  if (newest.length > 0) yield* wait(rows.patch(newest.map(begun), 'settled'))
  const ids = yield* patchAll(rows, own.map(begun), fence, [...own, ...newest])
  return ended.size === 0 ? ids : new Set([...ids, ...ended])
}

export interface Flat extends StoreBatch {
  readonly intakes: readonly EncodedIntake[]
  readonly claimed: readonly { readonly row: NewTask; readonly task: Task }[]
  readonly ready: Iterable<string>
  /**
   * Set while the batch is stored. `fresh` are the new events. `revived` is true if failed tasks of known events run
   * again.
   */
  fresh: ReadonlySet<NewEvent>
  revived: boolean
}

interface FlatOptions {
  readonly receiver: string
  readonly lanes: Finder
  /** Reserves room for a task, so that the insert claims it. @default nothing is claimed */
  readonly take?: Runner<Task>['take']
  readonly token?: number
}

/**
 * Returns the rows of a batch. A task without ordering key and tenant is stored as claimed if this process has room for
 * the task.
 */
export function flatten(
  intakes: readonly EncodedIntake[],
  { receiver, lanes, take, token = 0 }: FlatOptions,
): Flat {
  const events: NewEvent[] = []
  const keys = intakes.length + intakes[0]!.items.length > 2 ? new Set<string>() : undefined
  const tasks: NewTask[] = []
  const claimed: { row: NewTask; task: Task }[] = []
  let ready: Set<string> | undefined
  const leased = performance.now()
  for (const { items: its, intake } of intakes)
    for (const item of its) {
      const { event, drafts } = item
      const { key } = event.event
      item.again = keys?.has(key) === true
      if (item.again) continue
      keys?.add(key)
      events.push(event)
      const weight = weightOf(event.delivery.body, event.record)
      for (let n = 0; n < drafts.length; n++) {
        const draft = drafts[n]!
        const { subscription, part, data, orderKey, fairKey } = draft
        const lane = lanes.find(subscription)!
        const bound = orderKey !== undefined || fairKey !== undefined
        const slot = bound ? undefined : take?.(subscription, weight)
        const row = newTask(draft, { receiver, lane, event, n, token: slot ? token : 0 })
        tasks.push(row)
        if (slot)
          claimed.push({
            row,
            task: claimedTask({
              slot,
              id: Number.NaN,
              lane,
              subscription,
              token,
              round: 0,
              attempt: 1,
              cut: 0,
              line: null,
              fair: null,
              fold: null,
              fresh: true,
              part,
              data,
              event: event.event,
              delivery: intake.delivery,
              weight,
              free: undefined,
              leased,
            }),
          })
        else (ready ??= new Set()).add(subscription)
      }
    }
  const notify = claimed.length < tasks.length
  return {
    intakes,
    events,
    tasks,
    claimed,
    ready: ready ?? NOTHING,
    notify,
    fresh: NO_EVENTS,
    revived: false,
  }
}

const NOTHING: readonly string[] = []
const NO_EVENTS: ReadonlySet<NewEvent> = new Set()

export function idOf({ event, n }: NewTask): number {
  return event!.number * TASKS + n
}
