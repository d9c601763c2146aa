import { RegistrarError } from '../errors.ts'
import type { Range } from '../source.ts'
import { asText, type Fields } from './read.ts'

/** One page. */
export interface SourcePage<Item> {
  readonly items: readonly Item[]
  readonly next: string | undefined
}

/** Watches a list that is read page by page: an API may be broken, or lie. */
interface Paging {
  /**
   * True if the next page may be asked for: this one had something new within the range, or came nearer to it from events
   * that are newer. Pages are bounded too.
   */
  readonly goesOn: (page: readonly Dated[]) => boolean
}

/** An entry of a page. */
interface Dated {
  readonly id: string
  readonly at: number
}

const MOST_PAGES = 1000
/** The fewest entries that pages of all senders have, if they are full. */
const FULL = 10
/** The most entries that a sender is asked for. A page with more counts as several: what is read stays bounded. */
const LARGEST = 250

/** Makes it for one reading of a list. */
export function createPaging({
  since,
  until,
  limit = 0,
}: Pick<Range, 'since' | 'until' | 'limit'>): Paging {
  const most = MOST_PAGES + Math.ceil(limit / FULL)
  const seen = new Set<string>()
  let pages = 0
  let reached = Number.POSITIVE_INFINITY
  return {
    goesOn(page) {
      const fresh = page.filter(({ id, at }) => at >= since && at <= until && !seen.has(id))
      for (const { id } of fresh) seen.add(id)
      const oldest = Math.min(...page.map(({ at }) => at))
      const isNearer = oldest > until && oldest < reached
      reached = Math.min(reached, oldest)
      pages += Math.max(1, Math.ceil(page.length / LARGEST))
      return pages < most && (fresh.length > 0 || isNearer)
    },
  }
}

/** The same for a list without times: each page must have an entry that no page before had. */
export function createCounting(): (ids: readonly string[]) => boolean {
  const paging = createPaging({ since: 0, until: 0 })
  return (ids) => paging.goesOn(ids.map((id) => ({ id, at: 0 })))
}

/** An entry of a list has no time. */
export class TimelessError extends RegistrarError {}

/** A time as an API gives it. Throws `unexpected` for one that is none: it would pass each bound. */
export function finite(at: number, sender: string, id: string): number {
  if (Number.isFinite(at)) return at
  throw new TimelessError('unexpected', `${sender}: the event ${id.slice(0, 100)} has no time`)
}

/**
 * All rows of a list in pages. Throws `unexpected` if a page brings nothing new or the pages do not end: by a part of the list,
 * an endpoint that is there would be made again.
 */
export async function everyRow(
  sender: string,
  page: (cursor: string | undefined) => Promise<SourcePage<Fields>>,
): Promise<readonly Fields[]> {
  const goesOn = createCounting()
  const found: Fields[] = []
  let cursor: string | undefined
  do {
    const { items, next } = await page(cursor)
    for (const item of items) found.push(item)
    if (next !== undefined && !goesOn(items.map((item) => asText(item['id'] ?? item['sid']))))
      throw new RegistrarError('unexpected', `${sender}: the list of endpoints does not end`)
    cursor = next
  } while (cursor !== undefined)
  return found
}

/** One page. */
export interface SourcePage<Item> {
  readonly items: readonly Item[]
  readonly next: string | undefined
}
