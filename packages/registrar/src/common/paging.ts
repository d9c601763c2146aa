import { RegistrarError } from '../errors.ts'
import { stringifyJson } from '@postern/core/internal'
import type {
  Range,
  ListedDelivery,
  ListedEvent,
  PayloadSource,
  RedeliverySource,
} from '../source.ts'
import { asText, finite, type Fields } from './read.ts'

/** One page of a list. `next` is the cursor of the next page; undefined on the last page. */
export interface SourcePage<Item> {
  readonly items: readonly Item[]
  readonly next: string | undefined
}

interface Paging {
  /**
   * Returns false if the list may be endless: after too many pages, or after a page without progress. A page has
   * progress if it has a new entry within the range. While pages are newer than the range, each must be older than the
   * pages before.
   */
  readonly goesOn: (page: readonly Dated[]) => boolean
}

interface Dated {
  readonly id: string
  readonly at: number
}

const MOST_PAGES = 1000
/** Size of the smallest page that a sender fills, in entries. */
const FULL = 10
/** Maximum size of a page, in entries. A larger page counts as several, so that the entries are limited too. */
const LARGEST = 250

/** Limits the number of pages per list, because a broken API may return pages without end. */
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

interface PagedList {
  readonly provider: string
  readonly account: string
  /** Returns one page, newest entry first. `next` is undefined on the last page. */
  readonly page: (cursor: string | undefined, range: PageBounds) => Promise<SourcePage<Fields>>
}

interface PagedSpec extends PagedList {
  readonly event: (item: Fields) => Omit<ListedEvent, 'ref'>
  readonly url?: string
  /** Headers of deliveries. @default the content type of JSON */
  readonly headers?: ListedDelivery['headers']
  /** Returns the payload of an item. @default the item */
  readonly payload?: (item: Fields) => Fields
  /**
   * Returns one item by its id, if the API can. Needed because an event is no longer in a list of undelivered events
   * after its delivery.
   */
  readonly one?: (id: string) => Promise<Fields>
  readonly derivesIds?: boolean
  readonly version?: () => Promise<string | undefined>
}

type PageBounds = Required<Omit<Range, 'limit'>>

/**
 * Maximum number of pages in which `read` looks for an event. Newer events may have moved the event to a later page.
 */
const MOST_MOVED = 10

/**
 * Makes a source of payloads from a list in pages. To save memory, `list` keeps no payloads, and `read` requests the
 * event's page again. `read` keeps the last page, so reading in order costs one request per page.
 */
export function pagedSource(spec: PagedSpec): PayloadSource {
  let kept: { readonly key: string; readonly items: readonly Fields[] } | undefined

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
        if (held !== undefined) return deliveryOf(held)
        const { items, next } = await spec.page(cursor, bounds)
        kept = { key, items }
        const found = items.find((item) => spec.event(item).id === id)
        if (found !== undefined) return deliveryOf(found)
        if (next === undefined) break
        cursor = next
      }
      if (spec.one) return deliveryOf(same(await spec.one(id), id))
      throw new RegistrarError('not_found', `${spec.provider}: the sender lists ${id} no longer`)
    },
  }

  function eventOf(item: Fields): Omit<ListedEvent, 'ref'> {
    const event = spec.event(item)
    finite(event.at, spec.provider, event.id)
    return event
  }

  function deliveryOf(item: Fields): ListedDelivery {
    const { url, headers = { 'content-type': 'application/json' }, payload } = spec
    const body = stringifyJson(payload ? payload(item) : item)
    return { ...(url !== undefined && { url }), headers, body }
  }

  function same(item: Fields, id: string): Fields {
    if (spec.event(item).id === id) return item
    throw new RegistrarError('invalid', `${spec.provider}: asked for ${id}, got another event`)
  }
}

interface AttemptsSpec extends PagedList, Pick<RedeliverySource, 'redeliver' | 'redeliverUntried'> {
  readonly event: (attempt: Fields) => ListedEvent
  /** True if the sender cannot deliver the attempt's event again. @default never */
  readonly isGone?: (attempt: Fields) => boolean
}

/**
 * Makes a source of redeliveries from a list of attempts, newest first. All attempts of an event become one entry, with
 * the time of the oldest attempt. If one attempt succeeded, the event counts as delivered.
 */
export function attemptsSource(spec: AttemptsSpec): RedeliverySource {
  const { provider, account, redeliver, redeliverUntried } = spec
  const more = redeliverUntried && { redeliverUntried }
  return { kind: 'redelivery', provider, account, list: attemptList(spec), redeliver, ...more }
}

export function attemptList(
  spec: Pick<AttemptsSpec, 'provider' | 'page' | 'event' | 'isGone'>,
): RedeliverySource['list'] {
  // The attempts of one event may be far apart in the list, so the whole range is read first.
  return async function* list(range) {
    const bounds = boundsOf(range)
    const limit = range.limit ?? 10_000
    const found = new Map<string, ListedEvent>()
    const paging = createPaging({ ...bounds, limit })
    let cursor: string | undefined
    let isCut = false
    read: do {
      const { items, next } = await spec.page(cursor, bounds)
      const attempts: Dated[] = []
      for (const item of items) {
        const event = spec.event(item)
        const at = finite(event.at, spec.provider, event.id)
        if (at < bounds.since) break read
        attempts.push({ id: asText(item['id']), at })
        if (!spec.isGone?.(item)) add(found, event)
        if (found.size > limit) break read
      }
      isCut = next !== undefined && !paging.goesOn(attempts)
      cursor = next
    } while (cursor !== undefined && !isCut)
    const events = [...found.values()].toSorted((a, b) => b.at - a.at).slice(0, limit)
    for (const event of events)
      if (event.at <= bounds.until && !(bounds.undelivered && event.undelivered === false))
        yield event
    return isCut ? 'endless' : found.size > limit
  }
}

function add(found: Map<string, ListedEvent>, event: ListedEvent): void {
  const newer = found.get(event.id)
  const undelivered = newer?.undelivered === false ? false : event.undelivered
  found.set(event.id, { ...(newer ?? event), at: event.at, undelivered })
}

function boundsOf({ since, until, undelivered = true }: Range): PageBounds {
  if (!(since >= 0 && since <= until))
    throw new TypeError(
      `since: must be milliseconds since 1970, before until; got ${since} and ${until}`,
    )
  return { since, until, undelivered }
}
