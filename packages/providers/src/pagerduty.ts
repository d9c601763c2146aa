import { hmac, type Factory } from '@postern/core/scheme'
import { DAY } from './common/units.ts'
import { preset, type PresetOptions } from './schemes/preset.ts'

/**
 * PagerDuty (V3). The signature is HMAC-SHA256 over the body, in `X-PagerDuty-Signature`. A delivery may have several
 * `v1` signatures, of which one must match. Other versions are ignored. The id is the signed `event.id`, which is the
 * same in two subscriptions. `X-Webhook-Id` differs between subscriptions and is unsigned, so it is not used. The
 * signature has no time. PagerDuty expects a 2xx within 5 s. PagerDuty retries after timeouts, 429 and 5xx for 48
 * hours. Any other 4xx drops the event at once, and three dropped events disable the subscription for a day.
 * https://docs.pagerduty.com/developer/verifying-webhook-signatures
 */
export const pagerduty: Factory<PresetOptions> = /* @__PURE__ */ preset({
  name: 'pagerduty',
  title: 'PagerDuty',
  docs: 'https://docs.pagerduty.com/developer/verifying-webhook-signatures',
  setup: {
    steps: ['Integrations', 'Generic Webhooks (v3)', 'New Webhook'],
    call: 'POST https://api.pagerduty.com/webhook_subscriptions',
    secret: 'the secret that PagerDuty shows once the webhook is added',
    docs: 'https://support.pagerduty.com/docs/webhooks',
  },
  notSecret: [
    [/^u\+/, 'a token for the API'],
    [/^[A-Z\d]{7}$/, 'an id'],
  ],
  topics: ['incident.triggered', 'incident.acknowledged', 'incident.resolved', 'pagey.ping'],
  sign: () => hmac({ header: 'X-PagerDuty-Signature', prefix: 'v1=', several: ',' }),
  eventIdField: 'event.id',
  topicField: 'event.event_type',
  inner: 'event',
  sends: () => ({ 'user-agent': 'PagerDuty-Webhook/V3.0' }),
  checked: '2026-11-26',
  delivers: {
    within: 5_000,
    retries: 2 * DAY,
    after4xx: 'dropped, but 429',
    givesUp: 'disabled for a day after three events were dropped',
    ok: '2xx',
  },
})
