import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * PandaDoc. A delivery is a batch, and the topic of an event is its `event`. The id is the unsigned header
 * `X-PandaDoc-Webhook-Event-Id`, which PandaDoc has sent since July 2026. Older deliveries have no id.
 * https://developers.pandadoc.com/docs/webhook-verification
 */
export const pandadoc: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'pandadoc',
  title: 'PandaDoc',
  docs: 'https://developers.pandadoc.com/docs/webhook-verification',
  setup: { steps: ['Settings', 'API', 'Webhooks'], secret: 'the shared key of the webhook' },
  topics: ['document_state_changed', 'recipient_completed', 'document_updated'],
  sign: (given) => hmac({ query: 'signature', ...given }),
  itemsField: '',
  eventIdHeader: 'X-PandaDoc-Webhook-Event-Id',
  topicField: 'event',
  checked: '2026-11-28',
  delivers: {
    within: 20_000,
    ok: '200',
    retryId: 'same',
    source: 'https://developers.pandadoc.com/docs/webhook-deduplication',
  },
})
