import { RegistrarError } from '../errors.ts'
import type { Range, ListedDelivery, ListedEvent, PayloadSource } from '../source.ts'
import { asText, row, type Fields } from './read.ts'

/** One page of a list; `next` is the cursor of the next page. */
export interface SourcePage<Item> {
  readonly items: readonly Item[]
  readonly next: string | undefined
}

interface Paging {
  /**
   * Returns true if the next page may be read. The page must have a new entry within the range, or entries that are
   * newer than the range but closer to it than before. The number of pages is limited.
   */
  readonly goesOn: (page: readonly Dated[]) => boolean
}

interface Dated {
  readonly id: string
  readonly at: number
}

const MOST_PAGES = 1000
/** Smallest number of entries in a full page, over all senders. */
const FULL = 10
/**
 * Largest number of entries that a request asks for. A larger page counts as several pages, so the total number of
 * entries stays limited.
 */
const LARGEST = 250

/** Limits how many pages of one list are read, because a broken API may return pages without end. */
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

/**
 * Makes a similar limit for a list without times. Its function returns true if a page has a new entry, so the next page
 * may be read.
 */
export function createCounting(): (ids: readonly string[]) => boolean {
  const paging = createPaging({ since: 0, until: 0 })
  return (ids) => paging.goesOn(ids.map((id) => ({ id, at: 0 })))
}

/** Error of a list that has an entry without a time. */
export class TimelessError extends RegistrarError {}

/**
 * Returns a time that an API gave, in milliseconds since 1970. Throws `unexpected` for NaN, because no comparison would
 * leave the entry out.
 */
export function finite(at: number, sender: string, id: string): number {
  if (Number.isFinite(at)) return at
  throw new TimelessError('unexpected', `${sender}: the event ${id.slice(0, 100)} has no time`)
}

/**
 * Returns all rows of a list in pages. Throws `unexpected` if a page has no new row, or if the pages do not end. A
 * partial list would not do, because a plan would create an endpoint that already exists.
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
    if (
      next !== undefined &&
      !goesOn(
        items.map((item) =>
          asText(item['id'] ?? item['sid'] ?? item['gid'] ?? row(item['sys'])['id']),
        ),
      )
    )
      throw new RegistrarError('unexpected', `${sender}: the list of endpoints does not end`)
    cursor = next
  } while (cursor !== undefined)
  return found
}

interface PagedSpec<Item> {
  readonly provider: string
  readonly account: string
  /** Returns one page, newest entry first. `next` is undefined on the last page. */
  readonly page: (cursor: string | undefined, range: PageBounds) => Promise<SourcePage<Item>>
  readonly event: (item: Item) => Omit<ListedEvent, 'ref'>
  readonly delivery: (item: Item) => ListedDelivery
  /**
   * Returns one item by its id, if the API can. Needed for lists of undelivered events, which change during the
   * reading, so an event may leave its page.
   */
  readonly one?: (id: string) => Promise<Item>
  readonly derivesIds?: boolean
  readonly version?: () => Promise<string | undefined>
}

type PageBounds = Required<Omit<Range, 'limit'>>

/** Maximum number of pages in which an event is searched. Newer events may have moved the event to a later page. */
const MOST_MOVED = 10

/**
 * Makes a source of payloads from a list in pages. To save memory, `list` keeps no payloads. `read` requests the page
 * of an event again, and keeps that page for the next `read`. So reading events in order costs one request per page.
 */
export function pagedSource<Item>(spec: PagedSpec<Item>): PayloadSource {
  let kept: { readonly key: string; readonly items: readonly Item[] } | undefined

  return {
    kind: 'payload',
    provider: spec.provider,
    account: spec.account,
    ...(spec.version && { version: spec.version }),
    ...(spec.derivesIds && { derivesIds: true }),
    async *list(range) {
      const bounds = boundsOf(range)
      let left = range.limit ?? 10_000
      const paging = createPaging({ ...bounds, limit: left })
      let cursor: string | undefined
      do {
        const { items, next } = await spec.page(cursor, bounds)
        const events = items.map(eventOf)
        for (const event of events) {
          if (event.at < bounds.since) return false
          if (event.at > bounds.until || (bounds.undelivered && event.undelivered === false))
            continue
          if (left-- <= 0) return true
          yield { ...event, ref: JSON.stringify([cursor ?? null, bounds]) }
        }
        if (next !== undefined && !paging.goesOn(events)) return 'endless'
        cursor = next
      } while (cursor !== undefined)
      return false
    },
    async read({ id, ref }) {
      const [from, bounds] = JSON.parse(ref) as readonly [string | null, PageBounds]
      let cursor = from ?? undefined
      const mostMoved = spec.one ? 1 : MOST_MOVED
      for (let moved = 0; moved < mostMoved; moved++) {
        const key = JSON.stringify([cursor, bounds])
        const held =
          kept?.key === key ? kept.items.find((item) => spec.event(item).id === id) : undefined
        if (held !== undefined) return spec.delivery(held)
        const { items, next } = await spec.page(cursor, bounds)
        kept = { key, items }
        const found = items.find((item) => spec.event(item).id === id)
        if (found !== undefined) return spec.delivery(found)
        if (next === undefined) break
        cursor = next
      }
      if (spec.one) return spec.delivery(same(await spec.one(id), id))
      throw new RegistrarError('not_found', `${spec.provider}: the sender lists ${id} no longer`)
    },
  }

  function eventOf(item: Item): Omit<ListedEvent, 'ref'> {
    const event = spec.event(item)
    finite(event.at, spec.provider, event.id)
    return event
  }

  function same(item: Item, id: string): Item {
    if (spec.event(item).id === id) return item
    throw new RegistrarError('invalid', `${spec.provider}: asked for ${id}, got another event`)
  }
}

/** Returns a range with its defaults. Throws a `TypeError` for a wrong range. */
export function boundsOf({ since, until, undelivered = true }: Range): PageBounds {
  if (!(since >= 0 && since <= until))
    throw new TypeError(
      `since: must be milliseconds since 1970, before until; got ${since} and ${until}`,
    )
  return { since, until, undelivered }
}
