import { topicMatch, type TaskFilter } from '@postern/core/inbox'
import { createEventFinder, type Range } from './find-events.ts'
import { numberOf } from './filter.ts'
import { inListOrder, isBefore, type Place } from './places.ts'
import type { Store } from './store.ts'
import { createTaskFinder } from './find-tasks.ts'

/** Finds candidates for a filter, newest first, by the index that leaves the fewest. */
export interface Source {
  /** The next candidates after a place, about that many; undefined when there are no more. */
  next(after: Place, width: number): Step | undefined
}

/** Some candidates. */
export interface Step {
  /** Tasks by id, events by number, or all events of a range: above `from`, up to and with `to`. */
  readonly kind: 'tasks' | 'events' | 'range'
  readonly ids: readonly number[]
  /** The last place looked at. */
  readonly to: Place
}

/** Makes the sources of a file. They only read, each in milliseconds. */
export function createSources(store: Store): (filter: TaskFilter, passing?: boolean) => Source {
  const db = store.driver.side
  const events = createEventFinder(db, store.keys)
  const tasks = createTaskFinder(db)

  return (filter, passing = false) => {
    if (filter.id !== undefined) return listed('tasks', tasks.byId(numberOf(filter.id)))
    if (filter.keys !== undefined) return listed('events', events.byKeys(filter.keys, filter))
    if (filter.eventId !== undefined) return listed('events', events.byId(filter.eventId, filter))
    if (passing) return marked()
    if (filter.state === 'running') return listed('tasks', tasks.running())
    if (filter.cause !== undefined)
      return inLanes((lane, after, most) => tasks.ofCause(filter.cause!, lane, after, most))
    if (filter.state === 'dead')
      return inLanes((lane, after, most) => tasks.dead(lane, after, most))
    const pending = filter.state === 'pending' ? tasks.pending(filter) : undefined
    if (pending) return listed('tasks', pending)
    const range = events.range(filter)
    return filter.topic === undefined ? scan(range) : byTopic(filter.topic, range)

    function marked(): Source {
      return {
        next(after, width) {
          const ids = events.passing(
            filter,
            after.task === 0 ? after.event - 1 : after.event,
            width,
          )
          if (ids.length === 0) return undefined
          const to = { event: ids.at(-1)! - 1, task: Number.MAX_SAFE_INTEGER }
          return { kind: 'events', ids, to }
        },
      }
    }

    function inLanes(find: (lane: number, after: Place, most: number) => readonly Place[]): Source {
      const lanes = tasks.lanes(filter)
      return {
        next(after, width) {
          const found = lanes.flatMap((lane) => find(lane, after, width)).sort(inListOrder)
          const some = found.slice(0, width)
          if (some.length === 0) return undefined
          return { kind: 'tasks', ids: some.map(({ task }) => task), to: some.at(-1)! }
        },
      }
    }
  }

  function scan({ low, high }: Range): Source {
    return {
      next(after, width) {
        // The event of the place may have more tasks.
        const to = Math.min(after.event, high)
        const from = Math.max(low, to - width)
        if (to <= low) return undefined
        return {
          kind: 'range',
          ids: [from, to],
          to: { event: from, task: Number.MAX_SAFE_INTEGER },
        }
      },
    }
  }

  /** Events that are not in the index of topics yet are looked through; then block by block. */
  function byTopic(pattern: string, { low, high }: Range): Source {
    const indexed = events.indexedTopics()
    const numbers = events.topics(topicMatch(pattern))
    const recent = scan({ low: Math.max(low, indexed), high })
    return {
      next(after, width) {
        if (high > indexed && after.event > indexed) {
          const step = recent.next(after, width)
          if (step) return step
        }
        if (numbers.length === 0) return undefined
        const from = Math.min(after.event, high, indexed)
        const block = events.block(numbers, from, low)
        if (!block) return undefined
        const { ids, first } = block
        return { kind: 'events', ids, to: { event: first - 1, task: Number.MAX_SAFE_INTEGER } }
      },
    }
  }
}

/** Candidates that are known at once. */
function listed(kind: 'tasks' | 'events', all: readonly Place[]): Source {
  const sorted = [...all].sort(inListOrder)
  return {
    next(after, width) {
      const start =
        kind === 'tasks'
          ? sorted.findIndex((place) => isBefore(after, place))
          : sorted.findIndex(({ event }) => event <= after.event)
      if (start < 0) return undefined
      const some = sorted.slice(start, start + width)
      const ids = some.map(({ event, task }) => (kind === 'tasks' ? task : event))
      const last = some.at(-1)!
      return {
        kind,
        ids,
        to: kind === 'tasks' ? last : { event: last.event - 1, task: Number.MAX_SAFE_INTEGER },
      }
    },
  }
}
