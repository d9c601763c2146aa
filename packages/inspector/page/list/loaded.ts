import type { ListReply, ListRow } from '../../src/api/list.ts'

/** The rows that the reader has, and what has happened since they were fetched. */
export interface Loaded {
  readonly rows: readonly ListRow[]
  readonly cursor: string | undefined
  /** How far a search looked that ran out of time: it continues only if it is asked to. */
  readonly searchedTo: number | undefined
  /** The start of each page: its cursor, and its first row. */
  readonly pages: readonly { readonly cursor: string; readonly first: string }[]
  /** The newest page, if it has what the reader has not seen yet. */
  readonly newer: ListReply | undefined
  /** How many of its rows are new. */
  readonly fresh: number
  /** Rows that no longer match the filter; they stay until the reader asks. */
  readonly gone: ReadonlySet<string>
}

/** Rows of one page. */
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

/** One page more, at the end. */
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

/** The rows of a page that was fetched again, in the places they have. */
export function updated(loaded: Loaded, rows: readonly ListRow[]): Loaded {
  const now = new Map(rows.map((row) => [row.id, row]))
  return { ...loaded, rows: loaded.rows.map((row) => same(row, now.get(row.id))) }
}

/** The newest page was fetched again. With `isStill` no row comes or goes: that waits until the reader asks. */
export function newest(loaded: Loaded, reply: ListReply, isStill: boolean): Loaded {
  const known = new Set(loaded.rows.map(({ id }) => id))
  const fresh = reply.rows.filter(({ id }) => !known.has(id)).length
  const gone = missing(loaded.rows, reply)
  if (fresh === 0 && gone.size === 0) return { ...updated(loaded, reply.rows), ...NOTHING_NEWER }
  if (!isStill || loaded.rows.length === 0) return merged(loaded, reply)
  return { ...updated(loaded, reply.rows), newer: reply, fresh, gone }
}

/** The reader asked for what is new. */
export function newShown(loaded: Loaded): Loaded {
  return loaded.newer === undefined ? loaded : merged(loaded, loaded.newer)
}

const NOTHING_NEWER = { newer: undefined, fresh: 0, gone: new Set<string>() }

function merged(loaded: Loaded, reply: ListReply): Loaded {
  const kept = new Map(loaded.rows.map((row) => [row.id, row]))
  // More than a page came: what is between is not known, so the list starts again.
  if (reply.cursor !== undefined && !reply.rows.some(({ id }) => kept.has(id))) return first(reply)
  const gone = missing(loaded.rows, reply)
  const newer = new Set(reply.rows.map(({ id }) => id))
  const rows = [
    ...reply.rows.map((row) => same(kept.get(row.id), row)),
    ...loaded.rows.filter(({ id }) => !newer.has(id) && !gone.has(id)),
  ]
  return { ...loaded, rows, ...NOTHING_NEWER }
}

/** Rows of the time that the reply covers, which it does not have. */
function missing(rows: readonly ListRow[], reply: ListReply): ReadonlySet<string> {
  const there = new Set(reply.rows.map(({ id }) => id))
  // Rows that match plain words come from several searches, each of which has reached a different time.
  if (rows.some(({ by }) => by !== undefined)) return new Set()
  const last = reply.cursor === undefined ? -Infinity : (reply.rows.at(-1)?.at ?? Infinity)
  return new Set(rows.filter(({ id, at }) => at > last && !there.has(id)).map(({ id }) => id))
}

/** The row as it is, or the same object if nothing changed: such a row is not drawn again. */
function same(old: ListRow | undefined, now: ListRow | undefined): ListRow {
  if (old === undefined || now === undefined) return (now ?? old)!
  return JSON.stringify(old) === JSON.stringify(now) ? old : now
}
