import type { Memory } from '../../forgetful.ts'
import type { Consumer, IntakeItem } from '../../inbox.ts'
import type { MemoryEvent } from './event.ts'
import { remembering } from './known.ts'

/** Which event holds a key that only one may hold. Keys live as long as the ids of their events. */
export interface Guards {
  /**
   * What the guards of a delivery say: `refused` for all of it, or the events of it that are duplicates. Nothing is
   * taken.
   */
  judge(items: readonly IntakeItem[]): 'refused' | ReadonlySet<IntakeItem>
  /** The event was taken, and its keys with it. */
  enter(owner: MemoryEvent): void
  /** The event is held no longer: its keys are known for the window from now on. */
  settle(owner: MemoryEvent): void
}

/** Makes a {@link Guards}. */
export function createGuards(memory: Memory, consumer: () => Consumer): Guards {
  // Keys of events by guard key.
  const held = new Map<string, string>()
  const settled = remembering<string>(memory, consumer, 'a guard key')

  return {
    judge(items) {
      const taken = new Map<string, string>()
      const duplicates = new Set<IntakeItem>()
      for (const item of items) {
        const { key, guards = [] } = item.event
        for (const guard of guards) {
          const holder = held.get(guard.key) ?? settled.peek(guard.key) ?? taken.get(guard.key)
          if (holder === undefined || holder === key) continue
          if (guard.otherwise === 'refuse') return 'refused'
          duplicates.add(item)
        }
        if (!duplicates.has(item)) for (const guard of guards) taken.set(guard.key, key)
      }
      return duplicates
    },
    enter(owner) {
      for (const { key } of owner.guards ?? []) held.set(key, owner.key)
    },
    settle(owner) {
      for (const { key } of owner.guards ?? []) {
        if (held.get(key) === owner.key) held.delete(key)
        settled.set(key, owner.key)
      }
    },
  }
}
