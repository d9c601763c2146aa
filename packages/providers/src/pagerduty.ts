import type { Delivery, SecretOption } from '@postern/core'
import {
  hmac,
  malformed,
  mergeDeep,
  singleHeader,
  stringifyJson,
  type Factory,
  type SignatureClaim,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { field, needed, text } from './common/read.ts'

/** Options of {@link pagerduty}. */
export interface PagerdutyOptions {
  /** The secret of the webhook subscription. It looks like base64 and is used as it is. */
  readonly secret: SecretOption
}

/**
 * PagerDuty (V3). HMAC-SHA256 over the body in `X-PagerDuty-Signature`; any of several `v1` may match, other versions never
 * count. Topic is `event.event_type` (`incident.triggered`; `pagey.ping` is the test). Id is `event.id`, which is signed and
 * which two subscriptions share; `X-Webhook-Id` differs by subscription and is not signed, so it is not used. Nothing is
 * dated. PagerDuty wants its 2xx within 5 s and retries timeouts, 429 and 5xx for 48 hours; any other 4xx drops the webhook
 * at once, and three of these disable the subscription for a day.
 * https://docs.pagerduty.com/developer/verifying-webhook-signatures
 */
export const pagerduty: Factory<PagerdutyOptions> = /* @__PURE__ */ provider({
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
  facts: {
    place: { header: 'X-PagerDuty-Signature' },
    checked: '2026-11-26',
    delivers: {
      within: 5_000,
      retries: 2 * DAY,
      after4xx: 'dropped, but 429',
      givesUp: 'disabled for a day after three events were dropped',
      ok: '2xx',
    },
  },
  options: {
    secret: 'Secret of the webhook subscription.',
  },
  covers: { body: 'bytes', id: true },
  scheme: () =>
    hmac({
      header: HEADER,
      prefix: 'v1=',
      read,
      needs: [HEADER],
      covers: { body: 'bytes', id: true },
    }),
  events(_delivery, { value }) {
    const event = field(value, 'event')
    return [{ id: text(event, 'id'), topic: needed(event, 'event_type'), payload: value }]
  },
  compose: ({ topic = 'incident.triggered', id = crypto.randomUUID(), payload }) => ({
    headers: { 'user-agent': 'PagerDuty-Webhook/V3.0', 'x-webhook-id': crypto.randomUUID() },
    body: stringifyJson({ event: mergeDeep({ id, event_type: topic }, payload) }),
  }),
})

const HEADER = 'x-pagerduty-signature'
const MOST = 20

function read(delivery: Delivery): SignatureClaim {
  const parts = singleHeader(delivery, HEADER)
    .split(',')
    .map((part) => /^(\w+)=(\S+)$/.exec(part) ?? [])
  const signatures = parts
    .filter(([, version]) => version === 'v1')
    .map(([, , value = '']) => value)
  if (signatures.length === 0 || parts.length > MOST || parts.some(([all]) => all === undefined))
    throw malformed({ header: HEADER }, 'v1=<signature>, with more of them after commas')
  return { signatures }
}
