import { jsonReply, WebhookError } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import { hmacDigest } from '@postern/core/internal'
import { HOUR } from './common/units.ts'
import { field, needed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const RETRY_SPAN = 2 * HOUR

const PLAIN_TOKEN = /^[\w-]{1,128}$/

/**
 * Zoom. The signature is HMAC-SHA256 over `v0:time:body`. The topic is `event` (`meeting.started`). There is no id. The
 * receiver answers the signed `endpoint.url_validation`, which Zoom sends when you save the URL and every 72 hours.
 * Zoom expects a 2xx within 3 s and retries after 5, 20 and 60 minutes.
 * https://developers.zoom.us/docs/api/webhooks/
 */
export const zoom: Factory<DatedPresetOptions<'secretToken'>> = /* @__PURE__ */ sender({
  name: 'zoom',
  title: 'Zoom',
  docs: 'https://developers.zoom.us/docs/api/webhooks/',
  setup: {
    steps: [
      'Manage',
      'Created Apps',
      '<app>',
      'Features',
      'Access',
      'Event Subscriptions',
      'Add New Event Subscription',
    ],
    url: 'https://marketplace.zoom.us',
    secret: 'the Secret Token, on the Features page of the app',
    docs: 'https://developers.zoom.us/docs/api/webhooks',
  },
  topics: ['meeting.started', 'meeting.ended', 'recording.completed'],
  handshakes: ['endpoint.url_validation'],
  facts: {
    challenge: { payload: { event: 'endpoint.url_validation', payload: { plainToken: '{text}' } } },
  },
  checked: '2026-11-28',
  delivers: {
    within: 3_000,
    retries: RETRY_SPAN,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://developers.zoom.us/blog/webhook-delays',
  },
  challenge: PLAIN_TOKEN,
  secret: 'secretToken',
  ids: false,
  covers: { body: 'bytes', timestamp: true },
  sign: ({ tolerance }) =>
    hmac({
      header: 'X-Zm-Signature',
      prefix: 'v0=',
      timestampHeader: 'X-Zm-Request-Timestamp',
      tolerance,
      message: 'v0:{time}:{body}',
    }),
  handshake(_, { value }, { key }) {
    if (field(value, 'event') !== 'endpoint.url_validation') return undefined
    const plainToken = text(field(value, 'payload'), 'plainToken') ?? ''
    // The key that signs events also signs this answer. A text with a colon could be the signed text of an event.
    if (!PLAIN_TOKEN.test(plainToken))
      throw new WebhookError('handshake_rejected', {
        problem: 'malformed',
        field: 'plainToken',
        expected: 'letters and digits',
      })
    const encryptedToken = hmacDigest('sha256', 'hex', key as Uint8Array, plainToken)
    return jsonReply({ plainToken, encryptedToken })
  },
  events: (_delivery, { value }) => [{ topic: needed(value, 'event'), payload: value }],
  compose: ({ topic = 'meeting.started', at = Date.now(), payload }) => ({
    body: sampleJson({ event: topic, event_ts: at, payload: {} }, payload),
  }),
})
