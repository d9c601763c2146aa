import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Coinbase Commerce. https://docs.cdp.coinbase.com/commerce/docs/webhooks-security */
export const coinbaseCommerce: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'coinbase-commerce',
  title: 'Coinbase Commerce',
  docs: 'https://docs.cdp.coinbase.com/commerce/docs/webhooks-security',
  setup: { steps: ['Settings', 'Notifications'], secret: 'the webhook shared secret' },
  notSecret: [[/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/, 'a key for the API']],
  topics: ['charge:created', 'charge:confirmed', 'charge:pending'],
  sign: (given) => hmac({ header: 'X-CC-Webhook-Signature', ...given }),
  eventIdField: 'event.id',
  topicField: 'event.type',
  checked: '2026-11-28',
  delivers: {
    retries: 3 * DAY,
    ok: '200',
    source: 'https://docs.cdp.coinbase.com/commerce/api-arcitecture/webhooks-overview',
  },
})
