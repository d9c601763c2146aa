import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** Paystack. https://paystack.com/docs/payments/webhooks/ */
export const paystack: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'paystack',
  title: 'Paystack',
  docs: 'https://paystack.com/docs/payments/webhooks/',
  setup: { steps: ['Settings', 'API Keys & Webhooks'], secret: 'the API secret key, sk_…' },
  notSecret: [[/^pk_(?:test|live)_/, 'the public key']],
  topics: ['charge.success', 'transfer.success', 'subscription.create'],
  sign: (given) => hmac({ header: 'x-paystack-signature', algorithm: 'sha512', ...given }),
  topicField: 'event',
  checked: '2026-11-28',
  delivers: { retries: 3 * DAY, after4xx: 'retried', ok: '200' },
})
