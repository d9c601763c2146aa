import { type MaybePromise, chain } from '../../../basics/maybe.ts'
import type { Slot } from './slot.ts'
import type { GuestRows, Store } from '../store.ts'
import { repair } from './order.ts'
import type { Task } from './task.ts'

export interface Finder {
  /** Returns the lane (the number in the store) of a subscription, if this process knows the lane. */
  find(name: string): number | undefined
}

/** The lanes of a receiver: the numbers of its subscriptions in the store. */
export interface Lanes extends Finder {
  /** Fetches the lanes of these subscriptions, and makes missing lanes. */
  ensure(names: readonly string[]): MaybePromise<void>
  /**
   * Fetches lanes in a transaction of the app. New lanes are not remembered, since the transaction may be rolled back.
   */
  within(rows: Pick<GuestRows, 'lanes'>, names: readonly string[]): MaybePromise<Finder>
  ensureAll(): MaybePromise<void>
  all(): readonly number[]
  /** Returns true if the lanes of all slots (the subscriptions of this process) are known. */
  complete(): boolean
  of(lane: number): LaneOf | undefined
  /** Forgets all lanes. Called after the store was restored, since the store may then have other numbers. */
  forget(): void
}

interface LaneOf {
  readonly slot: Slot<Task>
  readonly subscription: string
}

export function createLanes(
  store: Store,
  receiver: string,
  slots: () => readonly Slot<Task>[],
  deadline: number,
): Lanes {
  const numbers = new Map<string, number>()
  const slotOf = new Map<string, Slot<Task>>()
  const lanes = new Map<number, LaneOf>()
  let known: readonly Slot<Task>[] = []
  let all: readonly number[] = []
  let complete = false

  return {
    find: (name) => numbers.get(name),
    ensure,
    ensureAll() {
      refresh()
      if (complete) return
      return chain(ensure(known.flatMap(({ names }) => names)), () => {
        refresh()
        // Until now, the tasks of a previous name were in separate lines (the tasks of one ordering key), so the order
        // must be repaired.
        const renamed = known.some(({ lane, names }) => lane.ordered && names.length > 1)
        return renamed ? chain(repair(store, all, deadline), () => {}) : undefined
      })
    },
    within(rows, names) {
      const missing = names.filter((name) => !numbers.has(name))
      if (missing.length === 0) return { find: (name) => numbers.get(name) }
      return chain(rows.lanes(receiver, groupsOf(missing)), (found) => {
        const made = new Map(found.map(({ name, lane }) => [name, lane]))
        return { find: (name) => numbers.get(name) ?? made.get(name) }
      })
    },
    all: () => (refresh(), all),
    complete: () => (refresh(), complete),
    of: (lane) => (refresh(), lanes.get(lane)),
    forget() {
      numbers.clear()
      lanes.clear()
      complete = false
    },
  }

  function ensure(names: readonly string[]): MaybePromise<void> {
    const missing = names.filter((name) => !numbers.has(name))
    if (missing.length === 0) return
    return chain(store.lanes(receiver, groupsOf(missing)), (rows) => {
      for (const { name, lane } of rows) numbers.set(name, lane)
      complete = false
      refresh()
    })
  }

  /** Adds the other names of each subscription, so that the tasks of all names share their ordering. */
  function groupsOf(missing: readonly string[]): readonly (readonly string[])[] {
    refresh()
    const groups = new Map(
      missing.map((name) => [
        slotOf.get(name)?.names[0] ?? name,
        slotOf.get(name)?.names ?? [name],
      ]),
    )
    return [...groups.values()]
  }

  function refresh(): void {
    const now = slots()
    if (now === known && complete) return
    if (now !== known) {
      known = now
      for (const slot of now) for (const name of slot.names) slotOf.set(name, slot)
    }
    const found: number[] = []
    complete = true
    for (const slot of known)
      for (const name of slot.names) {
        const lane = numbers.get(name)
        if (lane === undefined) {
          complete = false
          continue
        }
        found.push(lane)
        if (!lanes.has(lane)) lanes.set(lane, { slot, subscription: name })
      }
    all = found
  }
}
