import { checkDeliveryFilter, matchesDelivery } from '../../operate/delivery-filter.ts'
import type { Arrival, DeliveryFilter, Journal } from '../../journal.ts'
import type { Page } from '../../page.ts'
import type { Actions } from '../../operate/actions.ts'
import { createHistory } from './history.ts'
import { createRing, type DeliveryRing } from './ring.ts'
import { keptTasks, type MemoryStore } from '../state.ts'

/** Bounds of {@link memoryJournal}; times in milliseconds. */
interface JournalBounds {
  /** Deliveries of each ring. */
  readonly maxDeliveries: number
  readonly keepDeliveries: number
  readonly keepHistory: number
}

const MIB = 1024 * 1024
// Rows that are looked at between two looks at the clock.
const STEP = 64

/** The journal of a memory inbox. Of done tasks it keeps no attempts. */
export function memoryJournal(
  store: MemoryStore,
  bounds: JournalBounds,
  actions: Actions,
): Journal {
  const { maxDeliveries: count, keepDeliveries: age } = bounds
  // Strangers fill only their own: 10,000 rows, and all slots of six codes.
  const verified = createRing({ count, bytes: 32 * MIB, age })
  const unverified = createRing({ count, bytes: 40 * MIB, age })
  const history = createHistory(bounds.keepHistory)

  return {
    write({ arrived, minutes, gauges }) {
      for (const arrival of arrived) (arrival.verified ? verified : unverified).add(arrival)
      for (const minute of minutes) history.count(minute)
      for (const gauge of gauges) history.gauge(gauge)
      const now = clock(store)
      for (const ring of [verified, unverified]) ring.expire(now)
      history.expire(now)
    },
    refusals: (filter = {}) => page(filter, ({ outcome }) => outcome !== 'accepted'),
    deliveries: (filter = {}) => page(filter, () => true),
    delivery: (id) =>
      verified.rows.find((row) => row.id === id) ?? unverified.rows.find((row) => row.id === id),
    attempts: (id) => keptTasks(store).find(({ task }) => task.id === id)?.task.log?.attempts ?? [],
    actions: (query = {}) => actions.read(query),
    history: (range) => history.read(range),
  }

  function page(filter: DeliveryFilter, also: (arrival: Arrival) => boolean): Page<Arrival> {
    const { limit, cursor, budget } = checkDeliveryFilter(filter)
    const matches = matchesDelivery(filter)
    const end = performance.now() + budget
    const rows: Arrival[] = []
    let looked = 0
    let last: Arrival | undefined
    for (const arrival of newest([verified, unverified], cursor)) {
      if (rows.length === limit || (++looked % STEP === 0 && performance.now() >= end))
        return { rows, cursor: last!.id, searchedTo: last!.at }
      last = arrival
      if (also(arrival) && matches(arrival)) rows.push(listed(arrival))
    }
    return { rows, cursor: undefined, searchedTo: undefined }
  }
}

/** The rows of both rings before a cursor, the newest first. */
function* newest(rings: readonly DeliveryRing[], cursor: string | undefined): Iterable<Arrival> {
  const all = rings.map(({ rows }) => rows)
  const places = all.map((rows) => before(rows, cursor))
  for (;;) {
    let best = -1
    for (const [which, rows] of all.entries()) {
      const row = rows[places[which]!]
      if (row && (best < 0 || row.id > all[best]![places[best]!]!.id)) best = which
    }
    if (best < 0) return
    yield all[best]![places[best]!]!
    places[best]!--
  }
}

/** The place of the last row whose id is below the cursor, or -1. */
function before(rows: readonly Arrival[], cursor: string | undefined): number {
  let low = 0
  let high = rows.length
  while (cursor !== undefined && low < high) {
    const middle = (low + high) >> 1
    if (rows[middle]!.id < cursor) low = middle + 1
    else high = middle
  }
  return high - 1
}

/** A row as lists have it. */
function listed(arrival: Arrival): Arrival {
  if (!arrival.kept && arrival.replyBody === undefined) return arrival
  const { kept: _, replyBody: __, ...rest } = arrival
  return rest
}

/** The time of the receivers: a demo fills a day with a clock of its own. */
function clock({ states }: MemoryStore): number {
  const times = [...states.values()].map(({ consumer }) => consumer.now())
  return times.length > 0 ? Math.max(...times) : Date.now()
}
