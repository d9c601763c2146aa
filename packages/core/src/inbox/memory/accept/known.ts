import { createForgetful, type Forgetful, type Memory } from '../../forgetful.ts'
import type { Consumer, TaskDraft } from '../../inbox.ts'
import { stopwatchOf } from '../../tasks/stopwatch.ts'
import type { MemoryEvent } from './event.ts'

/** The events that an inbox knows: those it holds, and for a window those that are settled. */
export interface Known {
  /** The event, while tasks of it are open or kept dead. */
  held(key: string): MemoryEvent | undefined
  /** The dead tasks of a settled event, none if all are done; undefined if the key is not known. */
  settled(key: string): readonly TaskDraft[] | undefined
  /** Holds an event that is not held. */
  enter(owner: MemoryEvent): void
  /** The event is held no longer: it is known for the whole window from now on. */
  settle(owner: MemoryEvent): void
  /** The events that are held, in no order. */
  values(): Iterable<MemoryEvent>
}

/** What is known of an event whose tasks are all done. */
const DONE: readonly TaskDraft[] = []

/** Makes a {@link Known}. `consumer` gives the clock and hears of a shortened window. */
export function createKnown(memory: Memory, consumer: () => Consumer): Known {
  // Outside the cache, whose bound would drop them: a dropped event comes back as new and runs its done tasks again.
  // Events in an array and their places in the Map: the tables that a Map leaves behind keep all values alive for long.
  const places = new Map<string, number>()
  const held: (MemoryEvent | undefined)[] = []
  const free: number[] = []
  const settled = remembering<readonly TaskDraft[]>(memory, consumer, 'an id')

  return {
    held(key) {
      const place = places.get(key)
      return place === undefined ? undefined : held[place]
    },
    settled: (key) => settled.peek(key),
    enter(owner) {
      const place = free.pop() ?? held.length
      held[place] = owner
      owner.place = place
      if (owner.dedupe) places.set(owner.key, place)
    },
    settle(owner) {
      held[owner.place] = undefined
      free.push(owner.place)
      if (!owner.dedupe) return
      places.delete(owner.key)
      settled.set(owner.key, deadOf(owner))
    },
    *values() {
      for (const owner of held) if (owner) yield owner
    },
  }
}

/** Values for the window of the inbox. `what` names them in the warning about a shortened window. */
export function remembering<Value extends object | string>(
  memory: Memory,
  consumer: () => Consumer,
  what: string,
): Forgetful<Value> {
  // No step of the wall clock ends the window.
  return createForgetful(
    memory,
    () => stopwatchOf(consumer())(),
    (left) =>
      consumer().warn(
        `memoryInbox: ${what} was forgotten ${Math.round(left / 1000)} s before its window of ${memory.window / 1000} s was over, since max is ${memory.max}: raise max, or use a durable inbox`,
      ),
  )
}

function deadOf(owner: MemoryEvent): readonly TaskDraft[] {
  // A redelivery would bring the contents back.
  if (owner.erased) return DONE
  let dead: TaskDraft[] | undefined
  for (let task = owner.first; task; task = task.sibling)
    if (task.state === 'dead') (dead ??= []).push(task.draft)
  return dead ?? DONE
}
