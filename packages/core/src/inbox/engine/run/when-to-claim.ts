import type { Slot, Slots } from './slot.ts'

/** Says when to claim: one claim at a time, and another if something became ready meanwhile. */
interface Claiming<Task> {
  /** A task of the subscription became ready, or may have. */
  readonly ready: (subscription: string) => void
  /** Any task may be ready. */
  readonly look: () => void
  /** Claims if the slot is hungry. */
  readonly wake: (slot: Slot<Task>) => void
  /** The slots to claim for, and how many tasks. To be asked once in each claim, as late as possible. */
  readonly hungry: () => readonly { readonly slot: Slot<Task>; readonly room: number }[]
  /** True while a claim runs. */
  readonly busy: () => boolean
}

/**
 * Makes a {@link Claiming}. `fetch` starts a claim and calls `over` when its tasks were handed to `start`, or with true if it failed: then
 * the next look tries again, and not at once. `active` is false while nothing may be claimed.
 */
export function createClaiming<Task>(
  slots: Slots<Task>,
  active: () => boolean,
  fetch: (over: (failed?: boolean) => void) => void,
  ended: () => void,
): Claiming<Task> {
  let busy = false
  let asked = false

  return {
    ready(subscription) {
      const slot = slots.find(subscription)
      if (!slot) return
      slot.backlog = true
      wake(slot)
    },
    look() {
      for (const slot of slots.all()) slot.backlog = true
      claim()
    },
    wake,
    hungry() {
      asked = false
      const found = []
      for (const slot of slots.all())
        if (slots.isHungry(slot)) found.push({ slot, room: slots.roomOf(slot) })
      return found
    },
    busy: () => busy,
  }

  function wake(slot: Slot<Task>): void {
    if (slots.isHungry(slot)) claim()
  }

  function claim(): void {
    if (!active()) return
    if (busy) {
      asked = true
      return
    }
    busy = true
    asked = false
    fetch(over)
  }

  function over(failed = false): void {
    busy = false
    if (asked && !failed && slots.all().some((slot) => slots.isHungry(slot))) claim()
    if (!busy) ended()
  }
}
