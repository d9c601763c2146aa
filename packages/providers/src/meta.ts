import {
  WebhookError,
  type Delivery,
  type EventMap,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  checkSecret,
  defineProvider,
  hmac,
  safeEqual,
  stringifyJson,
  type Draft,
  type Provider,
} from '@postern/core/scheme'
import { DAY, MIB } from './common/entry.ts'
import { field } from './common/read.ts'
import { metaUpdates } from './schemes/meta-updates.ts'
import { challengeReply } from './schemes/challenge.ts'

/** Options of {@link meta}. */
export interface MetaOptions {
  /** The app secret. */
  readonly appSecret: SecretOption
  /** The verify token you give where you subscribe. @default none, so that no subscription can be confirmed */
  readonly verifyToken?: string
}

/**
 * Meta: WhatsApp Cloud API, Messenger, Instagram, Pages, Threads, Lead Ads. HMAC-SHA256 over the body in
 * `X-Hub-Signature-256`; the SHA-1 header never counts. A delivery is a batch of up to 1000 updates, each an event whose
 * payload is the envelope with that update alone. Topic is `object.field` (`page.feed`), WhatsApp's split into
 * `whatsapp_business_account.messages` and `.statuses`, Messenger's `page.message`, `page.postback`, `page.read` …
 * Ids: that of the message (with the status, `wamid…:read`), comment, lead or post; a digest of updates that have none.
 * The unsigned GET with `hub.challenge` is answered if its token is yours. Meta retries for 36 hours, WhatsApp possibly for
 * 7 days, which is what dedupe windows must span. It wants its 200 within seconds.
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export function meta<Events extends EventMap = EventMap>(options: MetaOptions): Provider<Events> {
  const { verifyToken } = options
  if (verifyToken !== undefined) checkSecret('meta: verifyToken', verifyToken)
  return defineProvider<Events, Uint8Array>({
    name: 'meta',
    methods: ['POST', 'GET'],
    auth: {
      scheme: hmac({
        header: 'X-Hub-Signature-256',
        prefix: 'sha256=',
        covers: { body: 'bytes', id: true },
      }),
      secret: options.appSecret,
      option: 'appSecret',
    },
    credentials: { query: ['hub.verify_token'] },
    limits: { body: 4 * MIB },
    retrySpan: 7 * DAY,
    greet: (delivery) => (delivery.method === 'GET' ? confirm(delivery, verifyToken) : undefined),
    events: (delivery, { value }) => metaUpdates(value, delivery.json('exact')),
    compose,
  })
}

function confirm(delivery: Delivery, verifyToken: string | undefined): Reply {
  const query = delivery.query()
  const tokens = query.getAll('hub.verify_token')
  const isSubscribe = query.getAll('hub.mode').join() === 'subscribe'
  if (verifyToken === undefined || tokens.length !== 1 || !safeEqual(tokens[0]!, verifyToken))
    throw new WebhookError(
      'wrong_verify_token',
      `hub.verify_token is not ${verifyToken === undefined ? 'expected: give verifyToken' : 'verifyToken'}`,
    )
  if (!isSubscribe) throw new WebhookError('handshake_refused', 'hub.mode is not subscribe')
  return challengeReply(query, 'hub.challenge')
}

function compose({ topic = 'page.feed', id, at = Date.now(), payload }: Draft): { body: string } {
  const [object = topic, name = 'feed'] = topic.split('.', 2)
  // Entries say what one change cannot: statuses, messages of Messenger.
  if (field(payload, 'entry') !== undefined)
    return { body: stringifyJson({ object, ...(payload as object) }) }
  const value = { ...(id !== undefined && { id }), ...(payload as object) }
  const isWhatsapp = object === 'whatsapp_business_account' && name === 'messages'
  const change = isWhatsapp
    ? { field: name, value: { messaging_product: 'whatsapp', messages: [value] } }
    : { field: name, value }
  return { body: stringifyJson({ object, entry: [{ id: '1', time: at, changes: [change] }] }) }
}
