import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Squarespace. https://developers.squarespace.com/webhooks/overview */
export const squarespace: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'squarespace',
  title: 'Squarespace',
  docs: 'https://developers.squarespace.com/webhooks/overview',
  setup: { call: 'POST /1.0/webhook_subscriptions', secret: 'the secret of the subscription, hex' },
  topics: ['order.create', 'order.update', 'extension.uninstall'],
  sign: (given) => hmac({ header: 'Squarespace-Signature', keyEncoding: 'hex', ...given }),
  eventIdField: 'id',
  topicField: 'topic',
  example: { secret: '6578616d706c65' },
  checked: '2026-11-28',
  delivers: {
    retries: 2 * DAY,
    after4xx: 'retried',
    givesUp: 'may be deleted after several failures',
    ok: '2xx',
    source: 'https://developers.squarespace.com/commerce-apis/webhooks/notification-delivery',
  },
})
