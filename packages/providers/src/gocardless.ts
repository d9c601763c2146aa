import { hmac, type Factory } from '@postern/core/scheme'
import { preset, type PresetOptions } from './schemes/preset.ts'

/** GoCardless. https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks */
export const gocardless: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'gocardless',
  title: 'GoCardless',
  docs: 'https://developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks',
  setup: { steps: ['Developers', 'Webhook endpoints'], secret: 'the secret of the endpoint' },
  notSecret: [[/^(?:live|sandbox)_/, 'an access token']],
  topics: ['payments.confirmed', 'mandates.active', 'subscriptions.created'],
  sign: (given) => hmac({ header: 'Webhook-Signature', ...given }),
  itemsField: 'events',
  eventIdField: 'id',
  topicField: ['resource_type', 'action'],
  checked: '2026-11-28',
  delivers: {
    within: 10_000,
    redirect: 'failure',
    after4xx: 'retried',
    ok: '2xx',
    source:
      'https://support.gocardless.com/hc/en-nz/articles/360000989989-Webhook-retries-failures',
  },
})
