import type { Actions } from '../../operate/actions.ts'
import { matches } from '../../operate/filter.ts'
import { orphansOf } from '../../operate/orphans.ts'
import type { Page } from '../../page.ts'
import type { InboxView, TaskQuery } from '../../view.ts'
import { changes } from './change.ts'
import { erasing } from './erase.ts'
import { detail, info } from './info.ts'
import { causes, stats } from './stats.ts'
import { keptTasks, type FoundTask, type MemoryStore } from '../state.ts'

const MOST_ROWS = 1000
// Tasks that are looked at between two looks at the clock.
const STEP = 64

/** The view of a memory inbox: pending, running and dead tasks. Of done ones only the id of the event is known. */
export function memoryView(store: MemoryStore, actions: Actions): InboxView {
  return {
    list(query = {}) {
      const { rows, cursor, searchedTo } = page(store, query)
      return { rows: rows.map(info), cursor, searchedTo }
    },
    get(id) {
      const found = keptTasks(store).find(({ task }) => task.id === id)
      return found && detail(found)
    },
    stats: () => stats(store),
    causes: (filter = {}) => causes(store, filter),
    version: () => store.version,
    ...changes(store, actions),
    erase: erasing(store, actions),
    orphans() {
      const pending = stats(store).map(({ receiver, subscription, counts }) => ({
        receiver,
        subscription,
        pending: counts.pending,
      }))
      return orphansOf(
        pending,
        [...store.states.values()].map(({ consumer }) => consumer),
      )
    },
  }
}

/** One page of the tasks that a query means, the newest first. */
function page(store: MemoryStore, query: TaskQuery): Page<FoundTask> {
  const { limit = 100, cursor, budget = 500, ...filter } = query
  if (!(Number.isSafeInteger(limit) && limit >= 1))
    throw new TypeError(`limit: must be a whole number from 1 and up, got ${String(limit)}`)
  const matching = matches(filter)
  const below = before(cursor)
  const all = keptTasks(store).filter(({ task }) => task.sequence < below)
  const end = performance.now() + budget
  const rows: FoundTask[] = []
  let at = all.length
  while (at > 0 && rows.length < Math.min(limit, MOST_ROWS)) {
    if (at % STEP === 0 && at < all.length && performance.now() >= end) break
    const found = all[--at]!
    if (matching(info(found), () => found.task.owner.event.payload)) rows.push(found)
  }
  if (at === 0) return { rows, cursor: undefined, searchedTo: undefined }
  const { task } = all[at]!
  return { rows, cursor: String(task.sequence), searchedTo: task.owner.receivedAt }
}

function before(cursor: string | undefined): number {
  if (cursor === undefined) return Infinity
  const sequence = Number(cursor)
  if (!Number.isSafeInteger(sequence))
    throw new TypeError(
      `cursor: must be the cursor of the page before, got ${JSON.stringify(cursor)}`,
    )
  return sequence
}
