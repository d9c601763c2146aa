import { WebhookError, type Delivery, type Reply, type SecretOption } from '@postern/core'
import {
  type Composed,
  checkSecret,
  mergeDeep,
  safeEqual,
  stringifyJson,
} from '@postern/core/internal'
import { hmac, type Draft, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY, MIB } from './common/units.ts'
import { field } from './common/read.ts'
import { CHALLENGE, challengeReply } from './schemes/challenge.ts'
import { metaUpdates } from './schemes/meta-updates.ts'

/** Options of {@link meta}. */
export interface MetaOptions {
  /** The app secret. */
  readonly appSecret: SecretOption
  /** The verify token that you enter when you subscribe. @default none, so that no subscription can be confirmed */
  readonly verifyToken?: string
}

/**
 * Meta: WhatsApp Cloud API, Messenger, Instagram, Pages, Threads, Lead Ads. HMAC-SHA256 over the body in
 * `X-Hub-Signature-256`; the SHA-1 header never counts. A delivery is a batch of up to 1000 updates, each an event whose
 * payload is the envelope only with that update. Topic is `object.field` (`page.feed`), WhatsApp's split into
 * `whatsapp_business_account.messages` and `.statuses`, Messenger's `page.message`, `page.postback`, `page.read` …
 * Ids: that of the message (with the status, `wamid…:read`), comment, lead or post; a digest of updates that have none.
 * The unsigned GET with `hub.challenge` is answered if its token is yours. Meta retries for 36 hours, WhatsApp possibly for
 * 7 days, which dedupe windows must span. It wants its 200 within seconds.
 * https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export const meta: Factory<MetaOptions> = /* @__PURE__ */ provider({
  name: 'meta',
  title: 'Meta',
  docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  setup: {
    steps: ['App Dashboard', '<app>', 'Webhooks', 'Callback URL'],
    url: 'https://developers.facebook.com/apps',
    secret: '<app> → Basic Settings → App Secret',
    docs: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
  },
  notSecret: [
    [/^EAA[A-Za-z\d]{20,}/, 'an access token'],
    [/^\d{12,20}$/, 'the id of the app'],
  ],
  topics: [
    'whatsapp_business_account.messages',
    'whatsapp_business_account.statuses',
    'page.message',
    'page.feed',
    'page.leadgen',
    'instagram.comments',
  ],
  handshakes: ['GET hub.challenge'],
  facts: {
    challenge: {
      query: {
        'hub.mode': 'subscribe',
        'hub.challenge': '{text}',
        'hub.verify_token': '{option:verifyToken}',
      },
    },
    checked: '2026-11-28',
    delivers: {
      largest: 4 * MIB,
      retries: 7 * DAY,
      after4xx: 'retried',
      givesUp: 'Messenger and Instagram unsubscribe the app after an hour of failures',
      ok: '200',
    },
  },
  options: { appSecret: 'The app secret.', verifyToken: 'The verify token of your subscriptions.' },
  challenge: CHALLENGE,
  secret: 'appSecret',
  covers: { body: 'bytes', id: true },
  methods: ['POST', 'GET'],
  scheme: () => hmac({ header: 'X-Hub-Signature-256', prefix: 'sha256=' }),
  prepare(options) {
    if (options.verifyToken !== undefined) checkSecret('meta: verifyToken', options.verifyToken)
    return options
  },
  credentials: { query: ['hub.verify_token'] },
  greet: (delivery, { verifyToken }) =>
    delivery.method === 'GET' ? confirm(delivery, verifyToken) : undefined,
  events: (delivery, { value }) => metaUpdates(value, delivery.json('exact')),
  compose,
})

function confirm(delivery: Delivery, verifyToken: string | undefined): Reply {
  const query = delivery.query()
  const tokens = query.getAll('hub.verify_token')
  const isSubscribe = query.getAll('hub.mode').join() === 'subscribe'
  if (verifyToken === undefined || tokens.length !== 1 || !safeEqual(tokens[0]!, verifyToken))
    throw new WebhookError(
      'wrong_verify_token',
      verifyToken === undefined
        ? {
            problem: 'unexpected',
            parameter: 'hub.verify_token',
            option: 'verifyToken',
            remedy: 'give verifyToken',
          }
        : { problem: 'not_allowed', parameter: 'hub.verify_token', expected: 'verifyToken' },
    )
  if (!isSubscribe)
    throw new WebhookError('handshake_rejected', {
      problem: 'not_allowed',
      parameter: 'hub.mode',
      expected: 'subscribe',
    })
  return challengeReply(query, 'hub.challenge')
}

function compose({ topic = 'page.feed', id, at = Date.now(), payload }: Draft): Composed {
  const [object = topic, name = 'feed'] = topic.split('.', 2)
  // Entries have members that a change has not: statuses, messages of Messenger.
  if (field(payload, 'entry') !== undefined)
    return { body: stringifyJson(mergeDeep({ object }, payload)) }
  const value = mergeDeep({ ...(id !== undefined && { id }) }, payload)
  const isWhatsapp = object === 'whatsapp_business_account' && name === 'messages'
  const change = isWhatsapp
    ? { field: name, value: { messaging_product: 'whatsapp', messages: [value] } }
    : { field: name, value }
  return { body: stringifyJson({ object, entry: [{ id: '1', time: at, changes: [change] }] }) }
}
