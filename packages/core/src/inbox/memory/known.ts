import type { Consumer, TaskDraft } from '../inbox.ts'
import { createKeyTable } from './key-table.ts'
import type { MemoryEvent } from './event.ts'

/** What an inbox knows of events: those with open tasks, and, for a window, those none of whose tasks is open. */
export interface Known {
  /** The place of an event that is to be deduplicated, or -1 where it is not known. Good until the next call. */
  find(key: string): number
  /** The event, while tasks of it are open. */
  open(place: number): MemoryEvent | undefined
  /** The dead tasks of a settled event; undefined where all are done. */
  dead(place: number): readonly TaskDraft[] | undefined
  /** Tasks of the event are open from now on. */
  enter(owner: MemoryEvent): void
  /** Remembers an event without open tasks by what they became, from now on for the whole window. */
  settle(owner: MemoryEvent): void
  /** The events with open tasks, in no order. */
  values(): Iterable<MemoryEvent>
}

const NONE = -1
// In place of an older neighbour: the event is open, and its newer neighbour is its seat.
const OPEN = -2

/** Makes it, bounded in count and time. `consumer` gives the clock and hears of a shortened window. */
export function createKnown(
  bounds: { readonly max: number; readonly window: number },
  consumer: () => Consumer,
): Known {
  const keys = createKeyTable()
  // An array whose seats are taken again: the tables a Map leaves behind keep all that was in them from young collections.
  const seats: (MemoryEvent | undefined)[] = []
  const free: number[] = []
  // Settled events from the oldest to the newest, by place.
  let older = new Int32Array(256)
  let newer = new Int32Array(256)
  let since = new Float64Array(256)
  let oldest = NONE
  let newest = NONE
  let count = 0
  const deadOf = new Map<number, readonly TaskDraft[]>()
  let warnAgain = 0

  return { find, open, dead: (place) => deadOf.get(place), enter, settle, values }

  function find(key: string): number {
    const place = keys.find(key)
    if (place < 0 || older[place] === OPEN || since[place]! + bounds.window >= consumer().now())
      return place
    forget(place)
    return NONE
  }

  function open(place: number): MemoryEvent | undefined {
    return place >= 0 && older[place] === OPEN ? seats[newer[place]!] : undefined
  }

  function enter(owner: MemoryEvent): void {
    const seat = free.pop() ?? seats.length
    seats[seat] = owner
    owner.seat = seat
    if (!owner.event.dedupe) return
    const place = takeOut(owner.event.key)
    owner.place = place
    older[place] = OPEN
    newer[place] = seat
  }

  function settle(owner: MemoryEvent): void {
    const { seat } = owner
    if (seat >= 0) {
      seats[seat] = undefined
      free.push(seat)
      owner.seat = NONE
    }
    const { dedupe, key } = owner.event
    if (!dedupe) return
    // An event that was forgotten and came again may be open under the same key.
    if (seat < 0 && open(keys.find(key))) return
    const place = seat < 0 ? takeOut(key) : owner.place
    for (let task = owner.first; task; task = task.sibling) {
      if (task.state !== 'dead') continue
      deadOf.set(place, [...(deadOf.get(place) ?? []), task.draft])
    }
    const now = consumer().now()
    since[place] = now
    older[place] = newest
    newer[place] = NONE
    if (newest === NONE) oldest = place
    else newer[newest] = place
    newest = place
    if (++count > bounds.max) evict(now)
  }

  function* values(): Iterable<MemoryEvent> {
    for (const owner of seats) if (owner) yield owner
  }

  /** The place of a key, new or out of the line of settled events. */
  function takeOut(key: string): number {
    const known = keys.find(key)
    if (known >= 0) {
      unlink(known)
      return known
    }
    const place = keys.add(key)
    if (place === since.length) {
      older = wider(older, new Int32Array(place * 2))
      newer = wider(newer, new Int32Array(place * 2))
      since = wider(since, new Float64Array(place * 2))
    }
    return place
  }

  function unlink(place: number): void {
    const before = older[place]!
    const after = newer[place]!
    if (before === NONE) oldest = after
    else newer[before] = after
    if (after === NONE) newest = before
    else older[after] = before
    count--
    if (deadOf.size > 0) deadOf.delete(place)
  }

  function forget(place: number): void {
    unlink(place)
    keys.remove(place)
  }

  function evict(now: number): void {
    const rest = since[oldest]! + bounds.window - now
    forget(oldest)
    if (rest <= 0 || now < warnAgain) return
    warnAgain = now + 3_600_000
    consumer().warn(
      `memoryInbox: an id was forgotten ${Math.round(rest / 1000)} s before its window of ${bounds.window / 1000} s was over, since max is ${bounds.max}: raise max, or use a durable inbox`,
    )
  }
}

function wider<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
