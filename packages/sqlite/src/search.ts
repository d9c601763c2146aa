import { topicMatch, type TaskFilter } from '@postern/core/inbox'
import { conditionsOf, FROM, FROM_EVENTS } from './filter.ts'
import { cursorOf, placeOf, type Place } from './places.ts'
import { createSources, type Step } from './sources.ts'
import { reading, type Store } from './store.ts'

/** Reads tasks or events by a filter, newest first, in steps that never hold the event loop for long. */
export type Search = <Row extends PlacedRow>(
  columns: string,
  filter: TaskFilter,
  page: SearchPage,
) => Promise<Found<Row>>

/** The wanted page, and its time limit. */
export interface SearchPage {
  readonly limit: number
  readonly cursor: string | undefined
  /** Milliseconds. */
  readonly budget: number
  /** A further condition in SQL. */
  readonly and?: string
  /** Only events that `stored` marked. */
  readonly passing?: boolean
}

/** Columns that each row has: `t.id, t.event, e.received`; of events `e.id, e.id AS event, e.received`. */
export interface PlacedRow {
  readonly id: number
  readonly event: number
  readonly received: number
}

/** A page. */
export interface Found<Row> {
  readonly rows: readonly Row[]
  readonly cursor: string | undefined
  /** How far it looked, in milliseconds since 1970; undefined at the end. */
  readonly searchedTo: number | undefined
}

// Candidates of a step: at first, at least and at most; and how long one should take, in milliseconds.
const FIRST = 256
const LEAST = 16
const MOST = 32_768
const STEP = 5

/** How rows of one kind are read. */
interface Rows {
  readonly from: string
  readonly candidates: Readonly<Record<Step['kind'], string>>
  /** Behind a place: event, event and task. */
  readonly behind: string
  readonly order: string
  placeOf(row: PlacedRow): Place
}

const TASKS: Rows = {
  from: FROM,
  candidates: {
    tasks: 't.id IN (SELECT value FROM json_each(?))',
    events: 't.event IN (SELECT value FROM json_each(?))',
    range: 't.event > ? AND t.event <= ?',
  },
  behind: '(t.event < ? OR (t.event = ? AND t.id < ?))',
  order: 't.event DESC, t.id DESC',
  placeOf: ({ event, id }) => ({ event, task: id }),
}

/** Events, whether they have tasks or not: only for filters without keys of tasks. */
const EVENTS: Rows = {
  from: FROM_EVENTS,
  candidates: {
    tasks: 'e.id IN (SELECT event FROM postern_tasks WHERE id IN (SELECT value FROM json_each(?)))',
    events: 'e.id IN (SELECT value FROM json_each(?))',
    range: 'e.id > ? AND e.id <= ?',
  },
  behind: '(e.id < ? OR (e.id = ? AND ? > 0))',
  order: 'e.id DESC',
  placeOf: ({ event }) => ({ event, task: 0 }),
}

/** Makes the search of a file for its tasks, or for its events. */
export function createSearch(store: Store, of: 'tasks' | 'events' = 'tasks'): Search {
  const kind = of === 'tasks' ? TASKS : EVENTS
  const db = store.driver.side
  const sourceOf = createSources(store)
  const receivedAt = db.prepare(
    'SELECT received FROM postern_events WHERE id <= ? ORDER BY id DESC LIMIT 1',
  )

  return async <Row extends PlacedRow>(columns: string, filter: TaskFilter, page: SearchPage) => {
    const { sql, values } = conditionsOf(filter)
    const match = filter.topic === undefined ? undefined : topicMatch(filter.topic)
    // SQL knows the beginning of a pattern alone.
    const pattern = match && match.exact === undefined ? new RegExp(match.source, 's') : undefined
    let place = placeOf(page.cursor)
    const until = performance.now() + page.budget
    const rows: Row[] = []
    try {
      const source = sourceOf(filter, page.passing)
      for (let width = Math.max(FIRST, page.limit); ;) {
        const began = performance.now()
        const step = reading(store, () => source.next(place, width))
        if (!step) return { rows, cursor: undefined, searchedTo: undefined }
        // One more than asked for tells whether there are more.
        const most = pattern ? width : page.limit + 1 - rows.length
        const found = read(step, most)
        rows.push(...(pattern ? found.filter(({ topic }) => pattern.test(topic)) : found))
        if (rows.length > page.limit) {
          rows.length = page.limit
          return stopped(kind.placeOf(rows.at(-1)!))
        }
        place = found.length === most ? kind.placeOf(found.at(-1)!) : step.to
        const now = performance.now()
        if (now >= until) return stopped(place)
        if (now - began < STEP / 2) width = Math.min(width * 2, MOST)
        else if (now - began > STEP) width = Math.max(Math.floor(width / 2), LEAST)
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    } catch (error) {
      throw error instanceof TypeError ? error : store.driver.errors.unavailable(error)
    }

    function read({ kind: by, ids }: Step, most: number): (Row & { readonly topic: string })[] {
      const given = by === 'range' ? ids : [JSON.stringify(ids)]
      return db
        .prepare(
          `SELECT ${columns}, e.topic FROM ${kind.from} WHERE ${kind.candidates[by]}
           AND ${kind.behind} AND ${sql} AND ${page.and ?? '1'} ORDER BY ${kind.order} LIMIT ?`,
        )
        .all(...given, place.event, place.event, place.task, ...values, most) as never
    }

    function stopped(at: Place): Found<Row> {
      const row = receivedAt.get(at.event) as { received: number } | undefined
      // Nothing is older: the page is the last one.
      return { rows, cursor: row && cursorOf(at), searchedTo: row?.received }
    }
  }
}
