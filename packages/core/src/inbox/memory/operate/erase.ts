import type { Actions } from '../../operate/actions.ts'
import { checkErase, erased } from '../../operate/erased.ts'
import { inSteps } from '../../operate/in-steps.ts'
import type { InboxView, TaskFilter } from '../../view.ts'
import { keptOf, writeNote } from './change.ts'
import type { MemoryEvent } from '../accept/event.ts'
import type { MemoryStore } from '../state.ts'

/** Erases the contents of events that are held for their dead tasks; others are held for an open task, or not at all. */
export function erasing(store: MemoryStore, actions: Actions): InboxView['erase'] {
  return (filter, options = {}) => {
    checkErase(filter, options)
    // For `stored` there is nothing to do: an event is let go with its last task, unless that is dead.
    if (options.passing) return { count: 0, cursor: undefined }
    return actions.noted({ what: 'erase', filter }, options, (note, left) =>
      inSteps(left, ({ cursor, rows, dryRun }) => {
        const above = cursor === undefined ? -1 : Number(cursor)
        const all = eventsOf(store, filter).filter(([, sequence]) => sequence > above)
        const found = all.slice(0, rows)
        if (!dryRun)
          for (const [owner] of found) {
            store.version++
            const left = erased({ event: owner.event, delivery: owner.delivery }, options.keep)
            owner.erase(left.event, left.delivery)
          }
        writeNote(store, note, [], found.length)
        return {
          count: found.length,
          cursor: found.length < all.length ? String(found.at(-1)![1]) : undefined,
        }
      }),
    )
  }
}

/** The events that can be erased, each with the first of its tasks that the filter means. */
function eventsOf(
  store: MemoryStore,
  filter: TaskFilter,
): readonly (readonly [owner: MemoryEvent, sequence: number])[] {
  const events = new Map<MemoryEvent, number>()
  for (const { task } of keptOf(store, filter)) {
    const { owner, sequence } = task
    if (owner.open === 0 && !owner.erased && !events.has(owner)) events.set(owner, sequence)
  }
  return [...events]
}
