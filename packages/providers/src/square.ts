import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, type UrlPresetOptions } from './schemes/preset.ts'

/**
 * Square. The signature is HMAC-SHA256 over the notification URL and the body; the older `X-Square-Signature` is
 * ignored. Each subscription has its own key, even if several have the same URL. Behind a proxy, set `publicUrl` to the
 * notification URL in the Developer Console. The topic is `type` (`payment.updated`) and the id is `event_id`. The
 * signature has no time, so only the signed id stops a replay. Square expects a 2xx as soon as possible (older pages
 * say within 10 s) and retries for 24 hours.
 *
 * Types: `square<SquareEvents>({ signatureKey })` with `@postern/providers/types/square`.
 * https://developer.squareup.com/docs/webhooks/step3validate
 */
export const square: Factory<UrlPresetOptions<'signatureKey'>> = /* @__PURE__ */ preset({
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
  hint: 'Signature key of the subscription.',
  extra: {
    publicUrl: 'The notification URL as configured at Square. Default: the URL of the request.',
  },
  secret: 'signatureKey',
  sign: (_given, options: PublicUrlOption) =>
    urlScheme('square', options, (url) =>
      hmac({
        header: 'X-Square-HmacSha256-Signature',
        encoding: 'base64',
        url,
        message: (delivery) => [url(delivery), delivery.body],
        says: '{url}{body}',
      }),
    ),
  eventIdField: 'event_id',
  topicField: 'type',
})
