import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** EasyPost. https://docs.easypost.com/guides/webhooks-guide */
export const easypost: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'easypost',
  title: 'EasyPost',
  docs: 'https://docs.easypost.com/guides/webhooks-guide',
  setup: {
    call: 'POST /v2/webhooks of the EasyPost API',
    secret: 'webhook_secret, which you choose',
  },
  notSecret: [[/^EZ[AT]K/, 'a key for the API']],
  topics: ['tracker.updated', 'batch.created', 'refund.successful'],
  sign: (given) => hmac({ header: 'X-Hmac-Signature', prefix: 'hmac-sha256-hex=', ...given }),
  eventIdField: 'id',
  topicField: 'description',
  read: (secret) => secret.normalize('NFKD'),
  checked: '2026-11-28',
  delivers: {
    retries: 86_400_000,
    source:
      'https://www.easypost.com/if-the-customers-webhook-url-goes-down-how-does-easypost-respond',
  },
})
