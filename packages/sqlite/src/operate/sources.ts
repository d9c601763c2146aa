import type { TaskFilter } from '@postern/core/inbox'
import { type Scan, TASKS, type Place as Cursor, identityKey } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import type { Keys } from '../keys/keys.ts'

/** Finds candidates for a filter, with the index that finds the fewest rows. */
export interface CandidateSource {
  /** Returns about `width` candidates after a place, or undefined at the end. */
  next(after: ListPlace, width: number): CandidateStep | undefined
}

export interface CandidateStep {
  /**
   * What `ids` are: tasks, events, or a range of events. A range is above the first id, up to and including the second
   * id.
   */
  readonly kind: 'tasks' | 'events' | 'range'
  readonly ids: readonly number[]
  /** The last place that this step searched. */
  readonly to: ListPlace
}

/** Creates the candidate sources of a file. They only read, and each step takes milliseconds. */
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
      // The search may have stopped within the event of this place, so the event is searched again.
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

/** Returns a source whose candidates are all known from the start. */
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

// Maximum number of pending tasks that are sorted for one page.
const MOST = 5000

/** Creates queries that find tasks by an index. */
function createTaskFinder(db: Database) {
  const byId = db.prepare('SELECT id FROM postern_tasks WHERE id = ?')
  const running = db.prepare('SELECT id FROM postern_tasks WHERE lease = 1 AND token > 0')
  const wanted = 'FROM postern_lanes WHERE (? IS NULL OR id IN (SELECT value FROM json_each(?)))'
  const lanes = db.prepare(`SELECT id ${wanted} AND pending + running + dead > 0`)
  const count = db.prepare(`SELECT coalesce(sum(pending), 0) AS n ${wanted}`)
  // Each part of the UNION reads one range of a partial index.
  const of = 'SELECT id FROM postern_tasks WHERE lane = ? AND state = 0 AND'
  const pending = db.prepare(
    `${of} gate = 0 AND behind = 0 UNION ALL ${of} gate > 0 AND behind = 0 UNION ALL ${of} behind = 1`,
  )
  const inOrder = (sql: string) => {
    const newest = db.prepare(`${sql} AND id < ? ORDER BY id DESC LIMIT ?`)
    const oldest = db.prepare(`${sql} AND id > ? ORDER BY id LIMIT ?`)
    return (oldestFirst: boolean) => (oldestFirst ? oldest : newest)
  }
  const dead = inOrder(
    'SELECT id FROM postern_tasks INDEXED BY postern_tasks_dead WHERE lane = ? AND state = 3',
  )
  const ofCause = inOrder(
    'SELECT id FROM postern_tasks INDEXED BY postern_tasks_causes WHERE cause = ? AND lane = ?',
  )

  return {
    byId: (id: string): readonly number[] =>
      /^[1-9]\d{0,15}$/.test(id) ? ids(byId.all(Number(id))) : [],
    running: () => ids(running.all()),
    /**
     * Returns pending tasks, or undefined if there are too many to sort. In that case, some of the newest events have
     * pending tasks.
     */
    pending(among: readonly number[] | undefined): readonly number[] | undefined {
      const { n } = count.get(listOf(among), listOf(among)) as { n: number }
      if (n > MOST) return undefined
      return lanesOf(among).flatMap((lane) => ids(pending.all(lane, lane, lane)))
    },
    lanes: lanesOf,
    /**
     * Returns tasks with ids below `behind`, in descending order. With `oldest`, returns tasks with ids above `behind`,
     * in ascending order.
     */
    dead: (lane: number, behind: number, most: number, oldest: boolean) =>
      ids(dead(oldest).all(lane, behind, most)),
    ofCause: (cause: string, lane: number, behind: number, most: number, oldest: boolean) =>
      ids(ofCause(oldest).all(cause, lane, behind, most)),
  }

  /** Returns the lanes (numbers of subscriptions) that have open or dead tasks. */
  function lanesOf(among: readonly number[] | undefined): readonly number[] {
    return ids(lanes.all(listOf(among), listOf(among)))
  }
}

function listOf(lanes: readonly number[] | undefined): string | null {
  return lanes === undefined ? null : JSON.stringify(lanes)
}

function ids(rows: readonly unknown[]): readonly number[] {
  return (rows as readonly { id: number }[]).map(({ id }) => id)
}

/** Events with numbers above `low`, up to and including `high`. */
interface EventRange {
  readonly low: number
  readonly high: number
}

// Maximum difference in milliseconds between the order of arrival and the order of event numbers. They differ, since
// receivers have different clocks and deliveries wait for their commit.
const SLACK = 60_000
// Number of events below which the search by time gains nothing.
const FEW = 10_000

/** Creates queries that find events by an index. */
function createEventFinder(db: Database, keys: Keys) {
  const receivers = db.prepare('SELECT id FROM postern_receivers WHERE coalesce(name = ?, 1)')
  const tenants = db.prepare('SELECT tenant FROM postern_event_tenants WHERE receiver = ?')
  const loose = db.prepare('SELECT id FROM postern_events WHERE loose = 1 AND event_id = ?')
  const ends = db.prepare(
    'SELECT (SELECT min(id) FROM postern_events) AS low, (SELECT max(id) FROM postern_events) AS high',
  )
  const at = db.prepare('SELECT id, received FROM postern_events WHERE id >= ? ORDER BY id LIMIT 1')
  const passing = db.prepare(
    'SELECT id FROM postern_events WHERE receiver = ? AND contents = 1 AND id <= ? ORDER BY id DESC LIMIT ?',
  )

  return {
    byKeys: (wanted: readonly string[], name: string | undefined): readonly number[] =>
      keys.lookUp(receiversOf(name).flatMap((id) => wanted.map((key) => [id, key] as const))),
    byId(id: string, name: string | undefined): readonly number[] {
      const pairs = receiversOf(name).flatMap((receiver) => [
        [receiver, identityKey(undefined, ':', id)] as const,
        ...tenantsOf(receiver).map((tenant) => [receiver, identityKey(tenant, ':', id)] as const),
      ])
      const rows = loose.all(id) as { id: number }[]
      return [...keys.lookUp(pairs), ...rows.map((row) => row.id)]
    },
    /** Returns the range of events that can match by their time. */
    range({ before, after }: Pick<TaskFilter, 'before' | 'after'>): EventRange {
      const found = ends.get() as { low: number | null; high: number | null }
      const low = (found.low ?? 1) - 1
      const high = found.high ?? 0
      if (high - low < FEW) return { low, high }
      return {
        low: after === undefined ? low : firstAfter(low, high, after - SLACK),
        high: before === undefined ? high : firstAfter(low, high, before + SLACK),
      }
    },
    /**
     * Returns events that `storage.content` marked and that are not erased yet, newest first, starting at the event
     * `from`.
     */
    passing: (name: string | undefined, from: number, most: number): readonly number[] =>
      receiversOf(name)
        .flatMap((id) => passing.all(id, from, most) as { id: number }[])
        .map(({ id }) => id)
        .sort((a, b) => b - a)
        .slice(0, most),
  }

  function receiversOf(name: string | undefined): readonly number[] {
    return (receivers.all(name ?? null) as { id: number }[]).map(({ id }) => id)
  }

  function tenantsOf(receiver: number): readonly string[] {
    return (tenants.all(receiver) as { tenant: string }[]).map(({ tenant }) => tenant)
  }

  /** Finds, by bisection, the last event before the first event that was received at or after a time. */
  function firstAfter(low: number, high: number, time: number): number {
    let from = low
    let to = high
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2)
      const row = at.get(middle) as { id: number; received: number } | undefined
      if (row && row.received < time) from = middle
      else to = middle
    }
    return time > 0 && to === high ? high : from
  }
}

export interface ListPlace {
  readonly event: number
  readonly task: number
}

/** Task id of a place before the first task of a list or event, in a list with the newest first. */
const FIRST_TASK: number = Number.MAX_SAFE_INTEGER

/** Returns the place of a cursor, or the start of a list if there is no cursor. */
export function listPlaceOf(cursor: Cursor | undefined, oldest: boolean): ListPlace {
  if (cursor) return { event: cursor[0], task: cursor[1] }
  return oldest ? fromEvent(0) : { event: FIRST_TASK, task: FIRST_TASK }
}

/** Returns the place before all tasks of an event. */
export function startOf(event: number, oldest: boolean): ListPlace {
  return oldest ? fromEvent(event) : beforeEvent(event)
}

/** Returns the place before all tasks of an event, in a list with the oldest first. */
function fromEvent(event: number): ListPlace {
  return { event, task: event * TASKS - 1 }
}

/** Returns the place before all tasks of an event, in a list with the newest first. */
function beforeEvent(event: number): ListPlace {
  return { event, task: FIRST_TASK }
}

/** Returns an id: in a list with the newest first, tasks after the place have ids below it. */
export function idBound({ event, task }: ListPlace): number {
  return Math.min(task, (event + 1) * TASKS)
}
