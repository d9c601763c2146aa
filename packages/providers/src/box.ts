import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/** Box. https://developer.box.com/guides/webhooks/v2/ */
export const box: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'box',
  title: 'Box',
  docs: 'https://developer.box.com/guides/webhooks/v2/',
  setup: {
    steps: ['Developer Console', '<app>', 'Webhooks'],
    secret: 'both signature keys of the app',
  },
  topics: ['FILE.UPLOADED', 'FILE.DOWNLOADED', 'FOLDER.CREATED'],
  sign: (given) =>
    hmac({
      header: ['BOX-SIGNATURE-PRIMARY', 'BOX-SIGNATURE-SECONDARY'],
      encoding: 'base64',
      timestampHeader: 'BOX-DELIVERY-TIMESTAMP',
      timestampUnit: 'iso',
      tolerance: 600,
      message: '{body}{time}',
      ...given,
    }),
  eventIdField: 'id',
  topicField: 'trigger',
  checked: '2026-11-28',
  delivers: { within: 30_000, retries: 7_200_000, after4xx: 'retried', ok: '2xx', retryId: 'same' },
  sends: () => ({ 'box-signature-version': '1', 'box-signature-algorithm': 'HmacSHA256' }),
})
