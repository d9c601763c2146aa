import { Buffer } from 'node:buffer'
import { emptyReply, isWebhookError, type Delivery, type SecretOption } from '@postern/core'
import { hmac, type Factory, type Scheme } from '@postern/core/scheme'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { field, needed, text } from './common/read.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link trello}. `publicUrl` is the callback URL as it was registered, query and last slash included. */
export interface TrelloOptions extends PublicUrlOption {
  /** The application's (OAuth) secret, not a token. */
  readonly secret: SecretOption
}

/**
 * Trello. HMAC-SHA1 over the body and the callback URL. Trello signs the low byte of each UTF-16 unit, so a character
 * above U+00FF can be changed into another with the same low byte: read such text as unsigned. UTF-8 bytes are taken too.
 * Topic is the type of the action (`updateCard`), id the action's. The unsigned HEAD at creation gets its 200. Trello
 * retries after 30, 60 and 120 s.
 * https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
 */
export const trello: Factory<TrelloOptions> = /* @__PURE__ */ provider({
  name: 'trello',
  title: 'Trello',
  docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/',
  setup: {
    call: 'POST https://api.trello.com/1/webhooks',
    secret: "your application's secret",
    docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/',
  },
  notSecret: [[/^ATTA/, 'a token for the API']],
  topics: ['updateCard', 'createCard', 'commentCard', 'addMemberToCard'],
  handshakes: ['HEAD at creation'],
  facts: {
    scheme: 'HMAC-SHA1 of {body}{url}, base64',
    checked: '2026-11-26',
    delivers: { retries: 210_000, redirect: 'failure', ok: '200' },
  },
  options: {
    secret: "The application's (OAuth) secret.",
    publicUrl: 'The callback URL as it was registered. Default: the URL of the request.',
  },
  covers: { body: 'fields', url: true, id: true },
  methods: ['POST', 'HEAD'],
  scheme(options) {
    checkPublicUrl('trello', options)
    return signature(options)
  },
  greet: ({ method }) => (method === 'HEAD' ? emptyReply() : undefined),
  events: (_delivery, { value }) => {
    const action = field(value, 'action')
    return [{ id: text(action, 'id'), topic: needed(action, 'type'), payload: value }]
  },
  compose: ({ topic = 'updateCard', id = crypto.randomUUID(), payload }) => ({
    body: stringifyJson(mergeDeep({ action: { id, type: topic }, model: {} }, payload)),
  }),
})

function signature(options: PublicUrlOption): Scheme<Uint8Array> {
  const url = (delivery: Delivery): string => signedUrl(delivery, options)
  const common = {
    header: 'X-Trello-Webhook',
    algorithm: 'sha1',
    encoding: 'base64',
    url,
  } as const
  const utf8 = hmac({ ...common, message: (delivery) => [delivery.body, url(delivery)] })
  const binary = hmac({
    ...common,
    covers: { body: 'fields', url: options.publicUrl === undefined, id: true },
    // Node's "binary" keeps the low byte of each unit.
    message: (delivery) =>
      Buffer.from(Buffer.from(delivery.body).toString('utf8') + url(delivery), 'latin1'),
  })
  return {
    ...binary,
    verify(delivery, keys, now) {
      try {
        return binary.verify(delivery, keys, now)
      } catch (error) {
        if (isWebhookError(error) && error.code !== 'signature_mismatch') throw error
        return utf8.verify(delivery, keys, now)
      }
    },
  }
}
