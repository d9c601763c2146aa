import { joined, TIME } from './ids.ts'
import { type Delivery } from '@postern/core'
import { type Composed, list, type XmlObject } from '@postern/core/internal'
import type { Draft, EventDraft } from '@postern/core/scheme'
import { field, member } from '../common/read.ts'

type Element = string | XmlObject

/** The entries and tombstones (RFC 6721) of an Atom feed; undefined if the payload is none. */
export function atomEvents(
  payload: unknown,
  topicOf: (self: string | undefined) => string,
): readonly EventDraft[] | undefined {
  const feed = field(payload, 'feed')
  if (typeof feed !== 'object' || feed === null) return undefined
  const topic = topicOf(selfLink(feed as XmlObject))
  const drafts = (name: string, alias: string, idOf: (element: Element) => string | undefined) =>
    elements(feed, name).map((payload) => ({ id: idOf(payload), topic, aliases: [alias], payload }))
  return [
    ...drafts('entry', 'entry', (entry) => both(textOf(entry, 'id'), textOf(entry, 'updated'))),
    ...drafts('at:deleted-entry', 'deleted-entry', (entry) =>
      both(member(entry, '@ref'), member(entry, '@when')),
    ),
  ]
}

/** The URL of the `rel="self"` Link header (RFC 8288), which names the topic of a delivery. */
export function selfLinkHeader(delivery: Delivery): string | undefined {
  const links = delivery.headers('link').join(', ')
  for (const [, url, parameters = ''] of links.matchAll(/<([^<>]*)>((?:\s*;\s*[^,;<]*)*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters)
    const names = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/)
    if (url && names.includes('self')) return url
  }
  return undefined
}

/** A feed of one entry, or the feed that is the payload, as a hub posts it, with its Link headers. */
export function composeFeed({
  topic = 'https://example.com/feed',
  id,
  at = Date.now(),
  payload,
}: Draft): Composed {
  const colon = id?.search(/:\d{4}-\d\d-\d\dT/) ?? -1
  const [entry, updated] = colon < 1 ? [] : [id!.slice(0, colon), id!.slice(colon + 1)]
  const time = updated ?? new Date(at).toISOString()
  return {
    headers: {
      'content-type': 'application/atom+xml',
      link: `<https://hub.example.com/>; rel=hub, <${topic}>; rel=self`,
    },
    body: typeof payload === 'string' ? payload : feedOf(topic, entry ?? 'yt:video:VIDEO_ID', time),
  }
}

function feedOf(topic: string, entry: string, time: string): string {
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">` +
    `<link rel="self" href="${escape(topic)}"/><updated>${time}</updated>` +
    `<entry><id>${escape(entry)}</id><updated>${escape(time)}</updated></entry></feed>\n`
  )
}

function elements(parent: object, name: string): Element[] {
  return list(field(parent, name) as XmlObject[string] | undefined)
}

function selfLink(feed: XmlObject): string | undefined {
  const link = elements(feed, 'link').find((one) => field(one, '@rel') === 'self')
  return member(link, '@href')
}

function textOf(parent: Element, name: string): string | undefined {
  return member(parent, name) ?? member(parent, `${name}.#text`)
}

function both(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined
  // Ids of feeds have colons. A time at the end shows where they end.
  return TIME.test(b) ? `${a}:${b}` : joined([a, b])
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
