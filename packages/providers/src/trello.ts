import { Buffer } from 'node:buffer'
import { emptyReply, isWebhookError, type Delivery } from '@postern/core'
import { hmac, type Factory, type Scheme } from '@postern/core/scheme'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, type UrlPresetOptions } from './schemes/preset.ts'

/**
 * Trello. The signature is HMAC-SHA1 over the body and the callback URL. Trello signs only the low byte of each UTF-16
 * unit. So an attacker can replace a character above U+00FF by a character with the same low byte. Treat such text as
 * unsigned. A signature over the UTF-8 bytes is accepted too. Behind a proxy, set `publicUrl` to the callback URL as
 * you registered it, with its query and last slash. The topic is the action's type (`updateCard`) and the id is the
 * action's id. The receiver answers the unsigned HEAD request of a new webhook. Trello retries after 30, 60 and 120 s.
 * https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/
 */
export const trello: Factory<UrlPresetOptions> = /* @__PURE__ */ preset({
  name: 'trello',
  title: 'Trello',
  docs: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/webhooks/',
  setup: {
    call: 'POST https://api.trello.com/1/webhooks',
    secret: "your application's secret",
  },
  notSecret: [[/^ATTA/, 'a token for the API']],
  topics: ['updateCard', 'createCard', 'commentCard', 'addMemberToCard'],
  handshakes: ['HEAD at creation'],
  checked: '2026-11-26',
  delivers: { retries: 210_000, redirect: 'failure', ok: '200' },
  hint: "The application's (OAuth) secret.",
  extra: {
    publicUrl: 'The callback URL as it was registered. Default: the URL of the request.',
  },
  covers: { body: 'fields', url: true, id: true },
  methods: ['POST', 'HEAD'],
  sign: (_given, options: PublicUrlOption) => urlScheme('trello', options, signature),
  greet: ({ method }) => (method === 'HEAD' ? emptyReply() : undefined),
  eventIdField: 'action.id',
  topicField: 'action.type',
  sample: { model: {} },
})

function signature(url: (delivery: Delivery) => string): Scheme<Uint8Array> {
  const common = {
    header: 'X-Trello-Webhook',
    algorithm: 'sha1',
    encoding: 'base64',
    url,
    says: '{body}{url}',
  } as const
  const utf8 = hmac({ ...common, message: (delivery) => [delivery.body, url(delivery)] })
  const binary = hmac({
    ...common,
    covers: { body: 'fields', id: true },
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
