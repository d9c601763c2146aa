import { emptyReply, WebhookError, type Delivery, type SecretOption } from '@postern/core'
import {
  type MaybePromise,
  hmacAlgorithm,
  malformed,
  mismatch,
  singleHeader,
} from '@postern/core/internal'
import type { EventDraft, Factory, Greeting, ParsedBody, Scheme } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { atomEvents, composeFeed, selfLinkHeader } from './schemes/atom.ts'
import { challengeReply } from './schemes/challenge.ts'

/** What a hub wants confirmed. */
export interface WebsubIntent {
  readonly mode: 'subscribe' | 'unsubscribe'
  /** The topic URL. */
  readonly topic: string
  /** For how many seconds the subscription will last: renew it before. Absent when it ends. */
  readonly lease: number | undefined
}

/** Options of {@link websub}. */
export interface WebsubOptions {
  /** `hub.secret` of the subscription, less than 200 bytes. With it a delivery without a signature is rejected. */
  readonly secret?: SecretOption
  /**
   * The topic URLs you have asked a hub for, or a function that knows which ones are asked for at the time. Anybody can ask a hub
   * to end your subscription: a function can reject `unsubscribe`, a URL confirms it. @default none, so that each
   * verification is rejected
   */
  readonly expectedTopic?:
    | string
    | readonly string[]
    | ((intent: WebsubIntent) => MaybePromise<boolean>)
  /** Called with each confirmed subscription and its lease. */
  readonly onVerified?: (intent: WebsubIntent) => MaybePromise<void>
  /** Takes deliveries of subscriptions without a secret, which anybody can send. @default false */
  readonly unauthenticated?: boolean
}

// Neither a feed nor JSON.
const HUB_CHALLENGE = /^[^<{[][^]{0,1023}$/

/**
 * WebSub (W3C), the successor of PubSubHubbub, and YouTube's push notifications. HMAC over the body in `X-Hub-Signature`,
 * by SHA-1, 256, 384 or 512 as the hub likes. Verifications of intent are answered for expected topics, with 404 for
 * others. The topic of an event is the topic URL (`rel="self"` of the Link header or the feed). Each entry of an Atom feed
 * is an event: `entry` and `deleted-entry` match too, and its id is `id:updated`. Of other contents a delivery is one
 * event without an id, and its topic is in a header that is not signed (`covers.topic` is false: a captured body can
 * come again under another topic). Hubs want a 2xx; 410 ends the subscription.
 * https://www.w3.org/TR/websub/
 */
export const websub: Factory<WebsubOptions> = /* @__PURE__ */ provider({
  name: 'websub',
  title: 'WebSub and YouTube',
  docs: 'https://www.w3.org/TR/websub/',
  setup: {
    place: 'hub.callback of the subscription request, which you POST to the hub of the topic',
    secret: 'the text that you send as hub.secret',
    docs: 'https://www.w3.org/TR/websub/',
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
  events,
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

function events(
  delivery: Delivery,
  { kind, value }: ParsedBody,
  { expectedTopic }: WebsubOptions,
): readonly EventDraft[] {
  const topicOf = (self?: string): string => {
    const said = selfLinkHeader(delivery)
    // The header is not signed, and the feed is.
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
}

const HEADER = 'x-hub-signature'
const METHODS = new Map(
  (['sha1', 'sha256', 'sha384', 'sha512'] as const).map(
    (algorithm) => [algorithm as string, hmacAlgorithm({ algorithm })] as const,
  ),
)
const MAX_SECRET = 199

/** `X-Hub-Signature: method=hex`: the hub chooses one of the four methods of WebSub, section 8. */
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
