import { RegistrarError } from '../errors.ts'
import { createPaging, finite, type SourcePage } from './paging.ts'
import type { ListedDelivery, ListedEvent, PayloadSource, Range } from '../source.ts'

/** A list whose pages hold payloads. */
interface PagedSpec<Item> {
  readonly provider: string
  readonly account: string
  /** One page, newest first. `next` is undefined at the end. */
  readonly page: (cursor: string | undefined, range: PageBounds) => Promise<SourcePage<Item>>
  /** The item's event, without its `ref`. */
  readonly event: (item: Item) => Omit<ListedEvent, 'ref'>
  readonly delivery: (item: Item) => ListedDelivery
  /** One item by its id, at senders that have it: a list of undelivered events changes while it is read. */
  readonly one?: (id: string) => Promise<Item>
  readonly derivesIds?: boolean
  readonly version?: () => Promise<string | undefined>
}

/** The argument of a request for one page. */
type PageBounds = Required<Omit<Range, 'limit'>>

/** Pages that are looked through for an event that has moved, since newer ones came before it. */
const MOST_MOVED = 10

/**
 * A source of payloads from a list in pages. The pages' payloads are not held: `read` asks for the event's page again, and
 * keeps the last page, so that reading oldest first costs one request a page.
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

/** A range with its defaults. Throws a `TypeError`. */
export function boundsOf({ since, until, undelivered = true }: Range): PageBounds {
  if (!(since >= 0 && since <= until))
    throw new TypeError(
      `since: must be milliseconds since 1970, before until; got ${since} and ${until}`,
    )
  return { since, until, undelivered }
}
