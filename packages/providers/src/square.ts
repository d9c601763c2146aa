import type { SecretOption } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { needed, text } from './common/read.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link square}. `publicUrl` is the notification URL as it is in the Developer Console. */
export interface SquareOptions extends PublicUrlOption {
  /** The signature key of the subscription. Subscriptions that share a URL have one each. */
  readonly signatureKey: SecretOption
}

/**
 * Square. HMAC-SHA256 over the notification URL and the body; the older `X-Square-Signature` never counts. Topic is `type`
 * (`payment.updated`), id is `event_id`. Behind a proxy give `publicUrl`. Nothing is dated: what was captured is stopped by
 * its id alone, which is signed. Square wants its 2xx as soon as possible (older pages say
 * within 10 s) and retries for 24 hours.
 *
 * Types: `square<SquareEvents>({ signatureKey })` with `@postern/providers/types/square`.
 * https://developer.squareup.com/docs/webhooks/step3validate
 */
export const square: Factory<SquareOptions> = /* @__PURE__ */ provider({
  name: 'square',
  title: 'Square',
  docs: 'https://developer.squareup.com/docs/webhooks/step3validate',
  setup: {
    steps: ['Developer Console', '<application>', 'Webhooks', 'Subscriptions', 'Add subscription'],
    secret: 'Endpoint Details → Signature Key → Show',
    docs: 'https://developer.squareup.com/docs/webhooks/step2subscribe',
  },
  notSecret: [
    [/^(?:EAAA|sq0atp-)/, 'an access token'],
    [/^sq0(?:idp|csp)-/, 'a key of the application'],
  ],
  topics: ['payment.updated', 'invoice.published', 'webhooks.test_notification'],
  facts: {
    scheme: 'HMAC-SHA256 of {url}{body}, base64',
    checked: '2026-11-28',
    delivers: {
      retries: DAY,
      redirect: 'failure',
      after4xx: 'retried',
      givesUp: 'disabled after three weeks without a 2xx',
      ok: '2xx',
      retryId: 'same',
      source: 'https://developer.squareup.com/docs/webhooks/troubleshooting',
    },
  },
  options: {
    signatureKey: 'Signature key of the subscription.',
    publicUrl: 'The notification URL as Square has it. Default: the URL of the request.',
  },
  secret: 'signatureKey',
  covers: { body: 'bytes', url: true, id: true },
  scheme(options) {
    checkPublicUrl('square', options)
    return hmac({
      header: 'X-Square-HmacSha256-Signature',
      encoding: 'base64',
      covers: { body: 'bytes', url: options.publicUrl === undefined, id: true },
      url: (delivery) => signedUrl(delivery, options),
      message: (delivery) => [signedUrl(delivery, options), delivery.body],
    })
  },
  events: (_delivery, { value }) => [
    { id: text(value, 'event_id'), topic: needed(value, 'type'), payload: value },
  ],
  compose: ({ topic = 'payment.updated', id = crypto.randomUUID(), payload }) => ({
    body: stringifyJson(mergeDeep({ type: topic, event_id: id }, payload)),
  }),
})
