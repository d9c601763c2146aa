import type { ListReply, ListRow } from '../../src/api/list.ts'

/** The loaded rows, and the changes since they were fetched. */
export interface Loaded {
  readonly rows: readonly ListRow[]
  readonly cursor: string | undefined
  /**
   * Set if a search ran out of time: the time back to which it looked. The search continues only if the reader asks.
   */
  readonly searchedTo: number | undefined
  /** The start of each page: its cursor, and its first row. */
  readonly pages: readonly { readonly cursor: string; readonly first: string }[]
  /** The newest page, if it has changes that the list does not show yet. */
  readonly newer: ListReply | undefined
  /** Number of rows in `newer` that are new. */
  readonly fresh: number
  /** Ids of rows that no longer match the filter. The list shows these rows until the reader asks for changes. */
  readonly gone: ReadonlySet<string>
}

/** Number of rows per page. */
export const PAGE = 100

export function first(reply: ListReply): Loaded {
  const { rows, cursor } = reply
  return {
    rows,
    cursor,
    searchedTo: cutShort(reply),
    pages: [],
    newer: undefined,
    fresh: 0,
    gone: new Set(),
  }
}

/** Adds the next page at the end. */
export function more(loaded: Loaded, from: string, reply: ListReply): Loaded {
  const known = new Set(loaded.rows.map(({ id }) => id))
  const rows = reply.rows.filter(({ id }) => !known.has(id))
  return {
    ...loaded,
    rows: [...loaded.rows, ...rows],
    cursor: reply.cursor,
    searchedTo: cutShort(reply),
    pages: rows[0] ? [...loaded.pages, { cursor: from, first: rows[0].id }] : loaded.pages,
  }
}

function cutShort({ rows, cursor, searchedTo }: ListReply): number | undefined {
  return cursor !== undefined && rows.length < PAGE ? searchedTo : undefined
}

/** Updates the rows of a page that was fetched again, in place. */
export function updated(loaded: Loaded, rows: readonly ListRow[]): Loaded {
  const now = new Map(rows.map((row) => [row.id, row]))
  return { ...loaded, rows: loaded.rows.map((row) => same(row, now.get(row.id))) }
}

/** Updates the rows from the newest page. With `isStill`, rows are added and removed only when the reader asks. */
export function newest(loaded: Loaded, reply: ListReply, isStill: boolean): Loaded {
  const known = new Set(loaded.rows.map(({ id }) => id))
  const fresh = reply.rows.filter(({ id }) => !known.has(id)).length
  const gone = missing(loaded.rows, reply)
  if (fresh === 0 && gone.size === 0) return { ...updated(loaded, reply.rows), ...NOTHING_NEWER }
  if (!isStill || loaded.rows.length === 0) return merged(loaded, reply)
  return { ...updated(loaded, reply.rows), newer: reply, fresh, gone }
}

export function newShown(loaded: Loaded): Loaded {
  return loaded.newer === undefined ? loaded : merged(loaded, loaded.newer)
}

const NOTHING_NEWER = { newer: undefined, fresh: 0, gone: new Set<string>() }

function merged(loaded: Loaded, reply: ListReply): Loaded {
  const kept = new Map(loaded.rows.map((row) => [row.id, row]))
  // The newest page has no known row. The rows in between are unknown, so the list starts again.
  if (reply.cursor !== undefined && !reply.rows.some(({ id }) => kept.has(id))) return first(reply)
  const gone = missing(loaded.rows, reply)
  const newer = new Set(reply.rows.map(({ id }) => id))
  const rows = [
    ...reply.rows.map((row) => same(kept.get(row.id), row)),
    ...loaded.rows.filter(({ id }) => !newer.has(id) && !gone.has(id)),
  ]
  return { ...loaded, rows, ...NOTHING_NEWER }
}

/** Returns the ids of rows that should be in the reply by their time, but are not. */
function missing(rows: readonly ListRow[], reply: ListReply): ReadonlySet<string> {
  const there = new Set(reply.rows.map(({ id }) => id))
  // A search for plain words runs several searches, which cover different times. So no row counts as missing.
  if (rows.some(({ by }) => by !== undefined)) return new Set()
  const last = reply.cursor === undefined ? -Infinity : (reply.rows.at(-1)?.at ?? Infinity)
  return new Set(rows.filter(({ id, at }) => at > last && !there.has(id)).map(({ id }) => id))
}

/** Returns the new row. If nothing changed, returns the old object, so that the row is not rendered again. */
function same(old: ListRow | undefined, now: ListRow | undefined): ListRow {
  if (old === undefined || now === undefined) return (now ?? old)!
  return JSON.stringify(old) === JSON.stringify(now) ? old : now
}
