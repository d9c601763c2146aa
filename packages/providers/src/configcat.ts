import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * ConfigCat. The signature is HMAC-SHA256 over id, time and body, in base64. The body is your own template, so the
 * topic is always `config.changed`. ConfigCat does not say whether a retry is signed again, so the default tolerance is
 * a day.
 */
export const configcat: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'configcat',
  title: 'ConfigCat',
  docs: 'https://configcat.com/docs/advanced/notifications-webhooks/',
  setup: { place: 'Webhooks of the dashboard', secret: 'the signing key of the webhook' },
  topics: ['config.changed'],
  sign: (given) =>
    hmac({
      header: 'X-ConfigCat-Webhook-Signature-V1',
      encoding: 'base64',
      several: ',',
      timestampHeader: 'X-ConfigCat-Webhook-Timestamp',
      timestampUnit: 'any',
      tolerance: 86_400,
      message: '{header:x-configcat-webhook-id}{time}{body}',
      ...given,
    }),
  eventIdHeader: 'X-ConfigCat-Webhook-ID',
  topic: 'config.changed',
  covers: { body: 'bytes', id: true, timestamp: true },
  sends: () => ({ 'x-configcat-webhook-id': 'b616ca659d154a5fb907dd8475792eeb' }),
  formats: ['json', 'form', 'text', 'bytes'],
  checked: '2026-11-28',
  delivers: { after4xx: 'retried', ok: '2xx' },
})
