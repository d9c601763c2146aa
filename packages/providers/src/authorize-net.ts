import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * Authorize.Net. The HMAC key is the text of the Signature Key, without decoding its hex digits. Only Authorize.Net's
 * transaction hashes need the decoded digits.
 * https://developer.authorize.net/api/reference/features/webhooks.html
 */
export const authorizeNet: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'authorize-net',
  title: 'Authorize.Net',
  docs: 'https://developer.authorize.net/api/reference/features/webhooks.html',
  setup: {
    steps: ['Account', 'Settings', 'Webhooks'],
    secret: 'the Signature Key of the account, as it is shown',
  },
  topics: [
    'net.authorize.payment.authcapture.created',
    'net.authorize.payment.refund.created',
    'net.authorize.customer.created',
  ],
  sign: (given) =>
    hmac({ header: 'X-ANET-Signature', prefix: 'sha512=', algorithm: 'sha512', ...given }),
  eventIdField: 'notificationId',
  topicField: 'eventType',
  checked: '2026-11-28',
})
