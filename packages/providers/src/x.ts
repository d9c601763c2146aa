import {
  jsonReply,
  WebhookError,
  type Delivery,
  type EventMap,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  defineProvider,
  hmac,
  hmacDigest,
  keyring,
  stringifyJson,
  type EventDraft,
  type Keyring,
  type Provider,
} from '@postern/core/scheme'
import { DAY } from './common/entry.ts'
import { field, member } from './common/read.ts'

/** Options of {@link x}. */
export interface XOptions {
  /** The app's consumer secret (API secret key). */
  readonly consumerSecret: SecretOption
}

/**
 * X (Twitter) Account Activity. HMAC-SHA256 over the body, in base64. A delivery holds lists: each item is an event whose
 * topic is the list's name (`tweet_create_events`) and whose id is its `id_str` or `id`; its payload is the delivery with
 * that item alone. The unsigned challenge (`GET ?crc_token=`) is signed with the key of events, so only letters, digits and
 * `+/=_-.` are, and no event is written with these. Retries are not established; a day is assumed.
 * https://docs.x.com/x-api/webhooks/introduction
 */
export function x<Events extends EventMap = EventMap>(options: XOptions): Provider<Events> {
  const scheme = hmac({
    header: 'X-Twitter-Webhooks-Signature',
    prefix: 'sha256=',
    encoding: 'base64',
    covers: { body: 'bytes', id: true },
  })
  const ring = keyring('x: consumerSecret', options.consumerSecret, (secret) => scheme.key(secret))
  return defineProvider<Events, Uint8Array>({
    name: 'x',
    methods: ['POST', 'GET'],
    auth: { scheme, secret: options.consumerSecret, option: 'consumerSecret' },
    retrySpan: DAY,
    failsOnRedirect: true,
    greet: (delivery) => (delivery.method === 'GET' ? challenge(delivery, ring) : undefined),
    events: (delivery, { value }) => eventsOf(value, delivery.json('exact')),
    compose: ({ topic = 'tweet_create_events', id = '1', payload }) => ({
      body: stringifyJson({ for_user_id: '1', [topic]: [{ id_str: id, ...(payload as object) }] }),
    }),
  })
}

async function challenge(delivery: Delivery, ring: Keyring<Uint8Array>): Promise<Reply> {
  const tokens = delivery.query().getAll('crc_token')
  if (tokens.length !== 1 || !/^[\w+/=.-]{1,512}$/.test(tokens[0]!))
    throw new WebhookError('handshake_refused', 'crc_token must be there once, letters and digits')
  const [key] = (await ring.for(delivery)).keys
  return jsonReply({
    response_token: `sha256=${hmacDigest('sha256', 'base64', key!, tokens[0]!)}`,
  })
}

// Ids are read where no digit is lost.
function eventsOf(value: unknown, exact: unknown): readonly EventDraft[] {
  const names = Object.keys(Object(value)).filter((name) => /_events?$/.test(name))
  if (names.length === 0)
    throw new WebhookError('unidentified', 'the payload has no member that ends with _events')
  const shared = Object.entries(value as object).filter(([name]) => !names.includes(name))
  return names.flatMap((topic) => {
    const found = field(value, topic)
    const ids = [field(exact, topic)].flat()
    return [found].flat().map((item, at) => ({
      id: member(ids[at], 'id_str') ?? member(ids[at], 'id'),
      topic,
      payload: { ...Object.fromEntries(shared), [topic]: Array.isArray(found) ? [item] : item },
    }))
  })
}
