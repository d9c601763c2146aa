import { LRUCache } from 'lru-cache'
import type { Consumer, TaskDraft } from './inbox.ts'
import type { MemoryEvent } from './memory-task.ts'

/** What is remembered of events none of whose tasks is open. */
export interface Settled {
  /** Undefined where the event is not known; without `dead` where all its tasks are done. */
  get(key: string): { readonly dead: readonly TaskDraft[] | undefined } | undefined
  /** Remembers the event by what its tasks became, from now on for the whole window. */
  remember(owner: MemoryEvent): void
  delete(key: string): void
}

/** Makes the memory of settled events, bounded in count and time. `consumer` gives the clock and hears of a shortened window. */
export function createSettled(
  bounds: { readonly max: number; readonly window: number },
  consumer: () => Consumer,
): Settled {
  let warnAgain = 0
  const cache = new LRUCache<string, { readonly dead: readonly TaskDraft[] | undefined }>({
    max: bounds.max,
    ttl: bounds.window,
    // The clock is asked each time: it is cheap, and the cache would keep its answer by a timer.
    ttlResolution: 0,
    perf: { now: () => consumer().now() },
    dispose: (_, key, reason) => reason === 'evict' && evicted(key),
  })
  return {
    get: (key) => cache.get(key),
    remember({ event, tasks }) {
      if (!event.dedupe) return
      const dead = tasks.filter((task) => task.state === 'dead').map((task) => task.draft)
      cache.set(event.key, dead.length === 0 ? ALL_DONE : { dead })
    },
    delete: (key) => void cache.delete(key),
  }

  function evicted(key: string): void {
    const now = consumer().now()
    if (now < warnAgain) return
    const left = cache.getRemainingTTL(key)
    if (!(left > 0)) return
    warnAgain = now + 3_600_000
    consumer().warn(
      `memoryInbox: an id was forgotten ${Math.round(left / 1000)} s before its window of ${bounds.window / 1000} s was over, since max is ${bounds.max}: raise max, or use a durable inbox`,
    )
  }
}

// One for all: a million remembered ids hold a million of nothing else.
const ALL_DONE = { dead: undefined }
