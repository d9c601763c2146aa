import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Sinch: the callbacks of the Conversation API. The topic is the name of the payload's member that differs between
 * callbacks (`message_delivery_report`). There is no event id.
 * https://developers.sinch.com/docs/conversation/callbacks/
 */
export const sinch: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'sinch',
  title: 'Sinch',
  docs: 'https://developers.sinch.com/docs/conversation/callbacks/',
  setup: { place: 'the webhooks of the Conversation app', secret: 'the secret of the webhook' },
  topics: ['message', 'message_delivery_report', 'event'],
  sign: (given) =>
    hmac({
      header: 'x-sinch-webhook-signature',
      encoding: 'base64',
      timestampHeader: 'x-sinch-webhook-signature-timestamp',
      message: '{body}.{header:x-sinch-webhook-signature-nonce}.{time}',
      ...given,
    }),
  topic: (_delivery, { value }) =>
    Object.keys(value as object).find((name) => !COMMON.has(name)) ?? 'event',
  compose: ({ topic = 'message', payload }) => ({
    headers: { 'x-sinch-webhook-signature-nonce': '01FJA8B4A7BM43YGWSG9GBV067' },
    body: sampleJson({ app_id: 'a', [topic]: {} }, payload),
  }),
  checked: '2026-11-28',
})

// Every callback has these members and one more, whose name is the topic.
const COMMON = new Set([
  'app_id',
  'accepted_time',
  'event_time',
  'project_id',
  'message_metadata',
  'correlation_id',
])
