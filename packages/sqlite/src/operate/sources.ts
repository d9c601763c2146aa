import type { Scan } from '@postern/core/inbox'
import type { Database } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'
import { createEventFinder, type EventRange } from './find-events.ts'
import { createTaskFinder } from './find-tasks.ts'
import { beforeEvent, fromEvent, idBound, type ListPlace } from './places.ts'

/** Finds candidates for a filter by the index that leaves the fewest. */
export interface CandidateSource {
  /** The next candidates after a place, about that many; undefined when there are no more. */
  next(after: ListPlace, width: number): CandidateStep | undefined
}

/** Some candidates. */
export interface CandidateStep {
  /** Tasks by id, events by number, or all events of a range: above the first, up to and with the second. */
  readonly kind: 'tasks' | 'events' | 'range'
  readonly ids: readonly number[]
  /** The last place looked at. */
  readonly to: ListPlace
}

/** Makes the sources of a file. They only read, each in milliseconds. */
export function createSources(db: Database, keys: Keys): (want: Scan) => CandidateSource {
  const events = createEventFinder(db, keys)
  const tasks = createTaskFinder(db)

  return ({ filter, receiver, lanes, passing, oldest }) => {
    if (filter.id !== undefined) return listed('tasks', tasks.byId(filter.id), oldest)
    if (filter.keys !== undefined)
      return listed('events', events.byKeys(filter.keys, receiver), oldest)
    if (filter.eventId !== undefined)
      return listed('events', events.byId(filter.eventId, receiver), oldest)
    if (passing) return marked()
    if (filter.state === 'running') return listed('tasks', tasks.running(), oldest)
    if (filter.cause !== undefined)
      return inLanes((lane, behind, most) =>
        tasks.ofCause(filter.cause!, lane, behind, most, oldest),
      )
    if (filter.state === 'dead')
      return inLanes((lane, behind, most) => tasks.dead(lane, behind, most, oldest))
    const pending = filter.state === 'pending' ? tasks.pending(lanes) : undefined
    if (pending) return listed('tasks', pending, oldest)
    const range = events.range(filter)
    return oldest ? scanOldest(range) : scan(range)

    function marked(): CandidateSource {
      return {
        next(after, width) {
          const ids = events.passing(receiver, after.event - (after.task === 0 ? 1 : 0), width)
          return ids.length === 0
            ? undefined
            : { kind: 'events', ids, to: beforeEvent(ids.at(-1)! - 1) }
        },
      }
    }

    function inLanes(
      find: (lane: number, behind: number, most: number) => readonly number[],
    ): CandidateSource {
      const wanted = tasks.lanes(lanes)
      return {
        next(after, width) {
          const found = wanted.flatMap((lane) =>
            find(lane, oldest ? after.task : idBound(after), width),
          )
          const ids = found.sort(byId(oldest)).slice(0, width)
          return ids.length === 0 ? undefined : { kind: 'tasks', ids, to: taskPlace(ids.at(-1)!) }
        },
      }
    }
  }
}

function scan({ low, high }: EventRange): CandidateSource {
  return {
    next(after, width) {
      // The event of the place may have more tasks.
      const to = Math.min(after.event, high)
      const from = Math.max(low, to - width)
      return to <= low ? undefined : { kind: 'range', ids: [from, to], to: beforeEvent(from) }
    },
  }
}

function scanOldest({ low, high }: EventRange): CandidateSource {
  return {
    next(after, width) {
      const from = Math.max(low, after.event - 1)
      const to = Math.min(high, from + width)
      return from >= high ? undefined : { kind: 'range', ids: [from, to], to: fromEvent(to + 1) }
    },
  }
}

/** Candidates that are known at once. */
function listed(
  kind: 'tasks' | 'events',
  all: readonly number[],
  oldest: boolean,
): CandidateSource {
  const sorted = [...all].sort(byId(oldest))
  return {
    next(after, width) {
      const start =
        kind === 'tasks'
          ? sorted.findIndex((id) => (oldest ? id > after.task : id < idBound(after)))
          : sorted.findIndex((event) => (oldest ? event >= after.event : event <= after.event))
      if (start < 0) return undefined
      const ids = sorted.slice(start, start + width)
      const last = ids.at(-1)!
      if (kind === 'tasks') return { kind, ids, to: taskPlace(last) }
      return { kind, ids, to: oldest ? fromEvent(last + 1) : beforeEvent(last - 1) }
    },
  }
}

function byId(oldest: boolean): (one: number, other: number) => number {
  return oldest ? (one, other) => one - other : (one, other) => other - one
}

function taskPlace(task: number): ListPlace {
  return { event: Math.floor(task / 65_536), task }
}
