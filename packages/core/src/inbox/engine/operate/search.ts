import { decodeDelivery, decodeEvent, NO_CONTENTS } from '../../codec.ts'
import { matches, topicMatch } from './filter.ts'
import type { Page, TaskFilter, TaskInfo, TaskDetail, TaskError } from '../../view.ts'
import { chain, type MaybePromise } from '../../../basics/maybe.ts'
import type { Access } from '../access.ts'
import type { FullRow, InfoRow, Place, Scan, Scanned } from './store.ts'
import type { ViewStore } from '../store.ts'
import { nextRound } from '../../../basics/deadline.ts'
import { foldInfo } from '../run/fold.ts'
import { type LaneRow, DONE, PENDING, STATES, TASKS } from '../row.ts'

/** Finds tasks or events in short steps, so that other work of the event loop runs in between. */
export type Search = (filter: TaskFilter, page: SearchPage) => Promise<Page<FoundRow>>

interface SearchPage {
  readonly of?: Scan['of']
  readonly limit: number
  readonly cursor: string | undefined
  readonly budget: number
  /** True to find only events that a receiver's `storage.content` marked for erasure. */
  readonly passing?: boolean
  /** True to list the oldest rows first. @default the newest */
  readonly oldest?: boolean
}

interface FoundRow {
  readonly row: InfoRow
  readonly info: TaskInfo
}

// Number of rows that a step of the search reads: FIRST in the first step, later LEAST to MOST. The number is adapted
// so that a step takes about STEP milliseconds.
const FIRST = 256
const LEAST = 16
const MOST = 32_768
const STEP = 5

export function createSearch(store: ViewStore, access: Access): Search {
  return async (
    filter,
    { of = 'tasks', limit, cursor, budget, passing = false, oldest = false },
  ) => {
    const { text, ...exact } = filter
    const { receiver, subscription: _, topic, ...rest } = exact
    const matchesExact = matches(exact)
    let after = placeOf(cursor)
    const until = performance.now() + budget
    const names = await access.read(() => namesOf(store))
    const lanes = names.wanted(filter)
    const hasText = text === undefined ? undefined : matches({ text })
    const want = {
      oldest,
      of,
      filter: rest,
      receiver,
      lanes,
      topic: topic === undefined ? undefined : topicMatch(topic),
      fits: (row: InfoRow) => matchesExact(infoOf(row, names.of(row.lane))),
      full: text !== undefined,
      passing,
    }
    const rows: FoundRow[] = []
    for (let width = Math.max(FIRST, limit); ;) {
      const began = performance.now()
      // One extra row shows whether more rows follow. With `text`, the number of matching rows is unknown, so the limit
      // is `width`.
      const most = hasText ? width : limit + 1 - rows.length
      const step = await access.read(() => store.scan({ ...want, after, width, limit: most }))
      for (const row of step.rows) {
        const info = infoOf(row, names.of(row.lane))
        if (hasText && !hasText(info, () => payloadOf(row as FullRow))) continue
        if (rows.length === limit) {
          const last = rows.at(-1)!.row
          return { rows, cursor: store.placeOf(last, want).join('.'), searchedTo: last.received }
        }
        rows.push({ row, info })
      }
      after = step.to
      if (after === undefined) return { rows, cursor: undefined, searchedTo: undefined }
      const now = performance.now()
      if (now >= until) return { rows, cursor: after.join('.'), searchedTo: step.searchedTo }
      if (now - began < STEP / 2) width = Math.min(width * 2, MOST)
      else if (now - began > STEP) width = Math.max(Math.floor(width / 2), LEAST)
      await nextRound()
    }
  }
}

/** Returns the place of a row in a list by time. */
export function placeByTime({ id, event, received }: InfoRow): Place {
  return [received, id === 0 ? event * TASKS : id]
}

/** Returns a function for `sort` that compares two places of a list. */
export function comparePlaces({
  oldest,
}: Pick<Scan, 'oldest'>): (one: Place, other: Place) => number {
  const sign = oldest ? 1 : -1
  return (one, other) => sign * (one[0] - other[0] || one[1] - other[1])
}

/**
 * Implements `Viewed.scan` for a store that keeps all its rows in memory. `all` has the stored objects, in any order.
 * `placeAt` returns the place of an object in a list by time. `rowOf` returns the row of an object.
 */
export function scanAll<One>(
  all: readonly One[],
  want: Scan,
  placeAt: (one: One) => Place,
  rowOf: (one: One, full: boolean) => InfoRow,
): Scanned {
  const { after, width, limit, full } = want
  const compare = comparePlaces(want)
  const behind = all
    .filter((one) => !after || compare(placeAt(one), after) > 0)
    .sort((one, other) => compare(placeAt(one), placeAt(other)))
  const looked = behind.slice(0, width)
  const found = looked.filter((one) => want.fits(rowOf(one, false)))
  const last = found.length > limit ? found[limit - 1] : looked.at(-1)
  const hasMore = found.length > limit || behind.length > width
  return {
    rows: found.slice(0, limit).map((one) => rowOf(one, full)),
    to: hasMore && last ? placeAt(last) : undefined,
    searchedTo: last && placeAt(last)[0],
  }
}

/** Parses a cursor. Throws a `TypeError` if the text is not a cursor. */
export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined
  const match = /^(-?\d{1,16})\.(-?\d{1,16})$/.exec(cursor)
  if (!match) throw new TypeError(`cursor: must be the cursor of a page, got ${cursor}`)
  return [Number(match[1]), Number(match[2])]
}

/** Returns the payload of an event. Returns undefined for a damaged event, so that other events are still listed. */
function payloadOf({ record, head, body }: FullRow): unknown {
  try {
    return decodeEvent(record, decodeDelivery(head, body)).payload
  } catch {
    return undefined
  }
}

/** The lanes of a store (the numbers of subscriptions), found by number or by name. */
interface LaneNames {
  of(lane: number): LaneRow | undefined
  /** Returns the lanes that match a filter; undefined means all lanes. */
  wanted(filter: Pick<TaskFilter, 'receiver' | 'subscription'>): readonly number[] | undefined
}

export function namesOf(store: Pick<ViewStore, 'everyLane'>): MaybePromise<LaneNames> {
  return chain(store.everyLane(), (rows) => {
    const lanes = new Map(rows.map((row) => [row.lane, row]))
    return {
      of: (lane) => lanes.get(lane),
      wanted({ receiver, subscription }) {
        if (receiver === undefined && subscription === undefined) return undefined
        return rows
          .filter((row) => receiver === undefined || row.receiver === receiver)
          .filter((row) => subscription === undefined || row.name === subscription)
          .map(({ lane }) => lane)
      },
    }
  })
}

/** Returns a task's id as a number, or -1 if the text cannot be an id of this kind of inbox. */
export function numberOf(id: string): number {
  return /^[1-9]\d{0,15}$/.test(id) ? Number(id) : -1
}

export function infoOf(row: InfoRow, lane: LaneRow | undefined): TaskInfo {
  const failed = row.error !== null && row.state !== DONE
  return {
    id: String(row.id),
    receiver: row.receiver,
    subscription: lane?.name ?? '',
    part: row.part === '' ? undefined : row.part,
    state: STATES[row.state]!,
    ...foldInfo(row),
    attempt: row.attempt,
    attempts: row.runs,
    interrupted: row.cut,
    due: row.state === PENDING ? row.due : undefined,
    settledAt: row.state >= DONE ? row.due : undefined,
    duration: row.took === null ? undefined : row.took / 1000,
    error: failed ? errorOf(row.error) : undefined,
    cause: failed ? (row.cause ?? undefined) : undefined,
    provider: row.provider === '' ? undefined : row.provider,
    event: {
      id: row.eventId ?? undefined,
      topic: row.topic,
      tenant: row.tenant ?? undefined,
      key: row.key,
    },
    receivedAt: row.received,
  }
}

/** Returns a task with its event. If the event cannot be read, the columns of the row are used instead. */
export function detailOf(row: FullRow, info: TaskInfo): TaskDetail {
  try {
    const delivery = decodeDelivery(row.head, row.body)
    return { ...info, record: decodeEvent(row.record, delivery), delivery }
  } catch {
    const { event, provider = '', receivedAt } = info
    const delivery = { ...NO_CONTENTS.delivery, body: row.body, receivedAt }
    return { ...info, record: { ...NO_CONTENTS.event, ...event, provider }, delivery }
  }
}

/**
 * Returns a stored error. If the error cannot be read, returns an `UnreadableError` with its text, so that the task is
 * listed.
 */
export function errorOf(stored: string): TaskError {
  try {
    const error = JSON.parse(stored) as Partial<TaskError> | null
    if (typeof error?.name === 'string' && typeof error.message === 'string')
      return error as TaskError
  } catch {
    // The text is returned as the message below.
  }
  return { name: 'UnreadableError', message: stored.slice(0, 1000) }
}
