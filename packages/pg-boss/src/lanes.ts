import type { Slot } from '@postern/core/inbox'
import { queueNameOf } from './ids.ts'
import type { Task } from './task.ts'

/** The subscriptions of a receiver in this process, and their queues. */
export interface Lanes {
  /** Names of all queues: each subscription's own, then those of the names it had. */
  names(): readonly string[]
  /** Queues of a slot, its own first. */
  queuesOf(slot: Slot<Task>): readonly string[]
  /** The slot of a queue, and the name of the subscription that the queue has. */
  of(queue: string): { readonly slot: Slot<Task>; readonly subscription: string } | undefined
  /** Queue under whose name the tasks of a queue stand in line: that of the subscription's present name. */
  lineOf(queue: string): string
}

/** Makes the lanes of a receiver. */
export function createLanes(receiver: string, slots: () => readonly Slot<Task>[]): Lanes {
  const queues = new Map<Slot<Task>, readonly string[]>()
  const byQueue = new Map<string, { slot: Slot<Task>; subscription: string }>()
  let known = 0

  return {
    names: () => all().flatMap((slot) => queues.get(slot)!),
    queuesOf,
    of: (queue) => (all(), byQueue.get(queue)),
    lineOf(queue) {
      all()
      const found = byQueue.get(queue)
      return found ? queuesOf(found.slot)[0]! : queue
    },
  }

  function all(): readonly Slot<Task>[] {
    const found = slots()
    if (found.length === known) return found
    known = found.length
    for (const slot of found) {
      if (queues.has(slot)) continue
      const names = slot.names.map((name) => queueNameOf(receiver, name))
      queues.set(slot, names)
      names.forEach((queue, at) => byQueue.set(queue, { slot, subscription: slot.names[at]! }))
    }
    return found
  }

  function queuesOf(slot: Slot<Task>): readonly string[] {
    all()
    return queues.get(slot) ?? []
  }
}
