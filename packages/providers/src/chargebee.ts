import type { Delivery, SecretOption } from '@postern/core'
import {
  basic,
  mergeDeep,
  stringifyJson,
  type EventDraft,
  type Factory,
  type ParsedBody,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link chargebee}. */
export interface ChargebeeOptions {
  /** `user:password` of the webhook's settings; split at the first colon. */
  readonly credentials: SecretOption
}

/**
 * Chargebee. It does not sign: the webhook carries HTTP Basic credentials, and the body is as safe as TLS. Topic is
 * `event_type` (`subscription_created`), id is `id`. Order is not kept; compare `resource_version`. Chargebee wants its
 * 2xx within 60 s and tries up to seven times more over about three days.
 * https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings
 */
export const chargebee: Factory<ChargebeeOptions> = /* @__PURE__ */ provider({
  name: 'chargebee',
  title: 'Chargebee',
  docs: 'https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings',
  setup: {
    steps: ['Settings', 'Configure Chargebee', 'API Keys and Webhooks', 'Webhooks', 'Add Webhook'],
    secret:
      'the Username and Password that you enter under Protect webhook URL with basic authentication',
    docs: 'https://www.chargebee.com/docs/webhook_settings.html',
  },
  topics: ['subscription_created', 'subscription_renewed', 'payment_failed', 'invoice_generated'],
  facts: {
    example: { credentials: 'user:an-example-password' },
    checked: '2026-11-26',
    delivers: { within: 60_000, retries: 4 * DAY, ok: '2xx' },
  },
  options: {
    credentials: 'user:password of the webhook.',
  },
  secret: 'credentials',
  covers: { body: 'none' },
  scheme: () => basic(),
  events,
  compose: ({ topic = 'subscription_created', id = 'ev_16BHbhF4s42tO2lK', payload }) => ({
    body: stringifyJson(mergeDeep({ id, object: 'event', event_type: topic }, payload)),
  }),
})

function events(_delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  return [{ id: text(value, 'id'), topic: needed(value, 'event_type'), payload: value }]
}
