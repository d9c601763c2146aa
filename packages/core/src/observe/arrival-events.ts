import type { Writable } from '../basics/writable.ts'
import type { EventRecord } from '../event.ts'
import type { Arrival } from '../inbox/journal.ts'

/** Shared by the rows without topics, ids or keys. */
export const NONE: readonly string[] = []

/** Characters of an id that are kept. */
export const LONGEST_ID = 256

const MOST_EVENTS = 10

/** Names the events of a delivery in its row. Most deliveries carry one. */
export function addEvents(arrival: Writable<Arrival>, events: readonly EventRecord[]): void {
  const [first] = events
  if (events.length === 1 && first) {
    arrival.topics = [first.topic]
    arrival.ids = first.id === undefined ? NONE : [first.id.slice(0, LONGEST_ID)]
    arrival.keys = [first.key]
    return
  }
  const few = events.slice(0, MOST_EVENTS)
  arrival.topics = [...new Set(few.map(({ topic }) => topic))]
  arrival.ids = few.flatMap(({ id }) => (id === undefined ? [] : [id.slice(0, LONGEST_ID)]))
  arrival.keys = few.map(({ key }) => key)
}
