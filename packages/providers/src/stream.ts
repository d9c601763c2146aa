import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Stream. https://getstream.io/chat/docs/node/webhooks_overview/ */
export const stream: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'stream',
  title: 'Stream',
  docs: 'https://getstream.io/chat/docs/node/webhooks_overview/',
  setup: { place: 'the dashboard of the app, Webhooks', secret: 'the API secret of the app' },
  topics: ['message.new', 'message.updated', 'channel.created'],
  sign: (given) => hmac({ header: 'X-Signature', ...given }),
  eventIdHeader: 'X-Webhook-Id',
  topicField: 'type',
  // Stream signs the body before it compresses the body.
  codings: { gzip: 'decoded' },
  checked: '2026-11-28',
  delivers: {
    within: 6_000,
    retries: 15_000,
    after4xx: 'retried at 408 and 429',
    ok: '2xx',
    retryId: 'same',
    source: 'https://getstream.io/chat/docs/php/push_webhook/',
  },
})
