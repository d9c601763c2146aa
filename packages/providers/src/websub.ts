import { emptyReply, WebhookError, type Delivery, type SecretOption } from '@postern/core'
import {
  type MaybePromise,
  hmacAlgorithm,
  malformed,
  mismatch,
  singleHeader,
  type Composed,
  list,
  type XmlObject,
} from '@postern/core/internal'
import type { EventDraft, Factory, Greeting, Scheme, Draft } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { challengeReply } from './schemes/challenge.ts'
import { joined, TIME } from './schemes/ids.ts'
import { field, member } from './common/read.ts'

/** A subscription that a hub asks you to confirm. */
export interface WebsubIntent {
  readonly mode: 'subscribe' | 'unsubscribe'
  /** URL of the topic. */
  readonly topic: string
  /**
   * Seconds until the subscription ends without a renewal. Undefined if the hub names no time, as for `unsubscribe`.
   */
  readonly lease: number | undefined
}

/** Options of {@link websub}. */
export interface WebsubOptions {
  /** `hub.secret` of the subscription, at most 199 bytes. With a secret, an unsigned delivery is rejected. */
  readonly secret?: SecretOption
  /**
   * The topic URLs that you subscribe to, or a function that is called when a hub asks for confirmation. Anybody can
   * ask a hub to end your subscription. If this option lists URLs, the receiver confirms the end of a listed
   * subscription too. To reject `unsubscribe`, give a function.
   * @default none, so every verification is rejected
   */
  readonly expectedTopic?:
    | string
    | readonly string[]
    | ((intent: WebsubIntent) => MaybePromise<boolean>)
  /** Called with each confirmed subscription. */
  readonly onVerified?: (intent: WebsubIntent) => MaybePromise<void>
  /** If true, accepts deliveries of subscriptions without a secret, which anybody can send. @default false */
  readonly unauthenticated?: boolean
}

// Allowed form of a challenge. A challenge must not start like a feed or JSON, so that no event can pass as a
// challenge.
const HUB_CHALLENGE = /^[^<{[][^]{0,1023}$/

/**
 * WebSub (W3C), the successor of PubSubHubbub, and YouTube's push notifications. The signature is HMAC over the body,
 * in `X-Hub-Signature`, with SHA-1, SHA-256, SHA-384 or SHA-512, as the hub chooses. The receiver confirms
 * subscriptions to expected topics, and answers 404 for others. The topic of an event is the topic URL (`rel="self"` of
 * the Link header or the feed). Each entry of an Atom feed is an event whose id is `id:updated`; subscriptions to
 * `entry` and `deleted-entry` match too. Any other delivery is one event without an id. The topic of such an event is
 * in an unsigned header, so `covers.topic` is false: an attacker can replay a captured body under another topic. Hubs
 * expect a 2xx; a 410 ends the subscription.
 * https://www.w3.org/TR/websub/
 */
export const websub: Factory<WebsubOptions> = /* @__PURE__ */ provider({
  name: 'websub',
  title: 'WebSub and YouTube',
  docs: 'https://www.w3.org/TR/websub/',
  setup: {
    place: 'hub.callback of the subscription request, which you POST to the hub of the topic',
    secret: 'the text that you send as hub.secret',
  },
  topics: [
    'https://www.youtube.com/xml/feeds/videos.xml?channel_id=UCaB3dE5fG7hJ9kL1mN0pQrS',
    'entry',
    'deleted-entry',
  ],
  handshakes: ['GET hub.challenge of expected topics', 'GET hub.mode=denied'],
  facts: {
    scheme: "HMAC of {body}, hex, by a hash of the hub's choice",
    place: { header: 'X-Hub-Signature' },
    checked: '2026-11-26',
    delivers: { givesUp: 'at a 410, which ends the subscription', ok: '2xx' },
  },
  options: {
    secret: 'hub.secret of the subscription.',
    expectedTopic: 'Topic URLs whose verification is answered. Default none.',
    onVerified: 'Called with each confirmed subscription and its lease.',
    unauthenticated: 'Accepts deliveries of subscriptions without a secret. Default false.',
  },
  formats: ['json', 'xml', 'bytes'],
  challenge: HUB_CHALLENGE,
  reads: ['link'],
  topicHeader: 'link',
  covers: { body: 'bytes', id: true },
  methods: ['GET', 'POST'],
  scheme: websubScheme,
  greet: (delivery, options) =>
    delivery.method === 'GET' ? verifyIntent(delivery, options) : undefined,
  events(delivery, { kind, value }, { expectedTopic }) {
    const topicOf = (self?: string): string => {
      const said = selfLinkHeader(delivery)
      // The feed is signed and the Link header is not, so the header must not name another topic.
      if (self !== undefined && said !== undefined && said !== self)
        throw new WebhookError('malformed_event', {
          problem: 'contradicts',
          header: 'link',
          expected: 'the feed',
        })
      return self ?? said ?? (typeof expectedTopic === 'string' ? expectedTopic : 'content')
    }
    const entries = kind === 'xml' ? atomEvents(value, topicOf) : undefined
    return entries ?? [{ topic: topicOf(), payload: value }]
  },
  compose: composeFeed,
})

async function verifyIntent(delivery: Delivery, options: WebsubOptions): Promise<Greeting> {
  const [mode, topic] = ['mode', 'topic'].map((name) => {
    const given = delivery.query().getAll(`hub.${name}`)
    return given.length === 1 ? given[0] : undefined
  })
  if (mode === 'denied') return emptyReply()
  if ((mode === 'subscribe' || mode === 'unsubscribe') && topic) {
    const lease = Number(delivery.query().get('hub.lease_seconds') || Number.NaN)
    const intent = { mode, topic, lease: Number.isFinite(lease) ? lease : undefined } as const
    if (await isExpected(intent, options.expectedTopic)) {
      return {
        ...challengeReply(delivery.query(), 'hub.challenge', HUB_CHALLENGE),
        keep: () => options.onVerified?.(intent),
      }
    }
  }
  throw new WebhookError(
    'handshake_rejected',
    { problem: 'unexpected', parameter: 'hub.topic', option: 'expectedTopic' },
    { status: 404 },
  )
}

function isExpected(
  intent: WebsubIntent,
  expected: WebsubOptions['expectedTopic'] = [],
): MaybePromise<boolean> {
  if (typeof expected === 'function') return expected(intent)
  return typeof expected === 'string' ? expected === intent.topic : expected.includes(intent.topic)
}

const HEADER = 'x-hub-signature'
const METHODS = new Map(
  (['sha1', 'sha256', 'sha384', 'sha512'] as const).map(
    (algorithm) => [algorithm as string, hmacAlgorithm({ algorithm })] as const,
  ),
)
const MAX_SECRET = 199

function websubScheme(): Scheme<Uint8Array> {
  return {
    covers: { body: 'bytes', id: true },
    reads: [HEADER],
    key(secret) {
      const key = new TextEncoder().encode(secret)
      if (key.length > MAX_SECRET)
        throw new TypeError(`a hub accepts a secret of less than 200 bytes, got ${key.length}`)
      return key
    },
    verify(delivery, keys) {
      const [, method = '', signature = ''] =
        /^(sha\d{1,3})=([0-9a-f]+)$/.exec(singleHeader(delivery, HEADER)) ?? []
      const algorithm = METHODS.get(method)
      if (algorithm === undefined)
        throw malformed(
          { header: HEADER },
          'sha1, sha256, sha384 or sha512, an equals sign and hex',
        )
      const found = keys.findIndex((key) => algorithm.matches(key, delivery.body, [signature]))
      if (found < 0) throw mismatch({ header: HEADER }, keys.length, { delivery })
      return found
    },
    sign(request, key) {
      const signature = METHODS.get('sha256')!.sign!(key, request.body)
      return { ...request, headers: { ...request.headers, [HEADER]: `sha256=${signature}` } }
    },
  }
}

type Element = string | XmlObject

/** Returns one event per entry or tombstone (deleted entry, RFC 6721) of an Atom feed. Undefined for other payloads. */
function atomEvents(
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

/** Returns the URL in the Link header with `rel="self"` (RFC 8288). */
function selfLinkHeader(delivery: Delivery): string | undefined {
  const links = delivery.headers('link').join(', ')
  for (const [, url, parameters = ''] of links.matchAll(/<([^<>]*)>((?:\s*;\s*[^,;<]*)*)/g)) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))/i.exec(parameters)
    const names = (rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/)
    if (url && names.includes('self')) return url
  }
  return undefined
}

function composeFeed({
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
  // An entry's id may contain colons. A time at the end shows where the entry's id ends, so no colon is escaped.
  return TIME.test(b) ? `${a}:${b}` : joined([a, b])
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
