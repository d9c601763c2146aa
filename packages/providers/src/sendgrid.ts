import { WebhookError, type SecretOption } from '@postern/core'
import { ecdsa, type Factory } from '@postern/core/scheme'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { needed, text } from './common/read.ts'

/** Options of {@link sendgrid}. */
export interface SendgridOptions {
  /** The verification key of the webhook's settings: base64 without PEM armor. */
  readonly publicKey: SecretOption
  /** Seconds the signed time may be away from now; SendGrid names no window and retries for a day. @default 86400 */
  readonly tolerance?: number
}

/**
 * Twilio SendGrid Event Webhook, with the signed event webhook switched on. ECDSA (P-256, SHA-256) over time and body. A
 * delivery is a batch: the topic of each event is its `event` (`delivered`), the id its `sg_event_id`. Custom arguments
 * are merged into events and may shadow names. SendGrid wants its 2xx within 10 s and retries for 24 hours.
 * https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export const sendgrid: Factory<SendgridOptions> = /* @__PURE__ */ provider({
  name: 'sendgrid',
  title: 'SendGrid Event Webhook',
  docs: 'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features',
  setup: {
    steps: ['Settings', 'Mail Settings', 'Event Webhooks'],
    secret: 'the verification key that is shown once signing is enabled for the webhook',
    docs: 'https://github.com/twilio/ai/blob/main/skills/sendgrid/twilio-sendgrid-webhooks/SKILL.md',
  },
  notSecret: [[/^SG\./, 'a key for the API']],
  topics: ['processed', 'delivered', 'bounce', 'dropped', 'open', 'click', 'spamreport'],
  facts: {
    // Made for this line: it signs deliveries that are examples.
    example: {
      publicKey:
        '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUVA/gUQ0in8PAsAU\nM8TqwfQlcQYddOqpYF8jl5waPqahRANCAAT/PusU16ySX6abhcu4muj1fNCjFY6k\ngL6C9m1frEMmrZopMvh4Df4aMDq1vFw/h4wJqhgZa2V9BFP2aUjAmzVK\n-----END PRIVATE KEY-----',
    },
    checked: '2026-11-28',
    delivers: {
      within: 10_000,
      retries: DAY,
      redirect: 'failure',
      after4xx: 'retried',
      ok: '2xx',
      source:
        'https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook',
    },
  },
  options: {
    publicKey: "The verification key of the webhook's settings.",
    tolerance: 'Seconds the signed time may be away from now. Default 86400.',
  },
  secret: 'publicKey',
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: (options) =>
    ecdsa({
      header: 'X-Twilio-Email-Event-Webhook-Signature',
      timestampHeader: 'X-Twilio-Email-Event-Webhook-Timestamp',
      tolerance: options.tolerance ?? DAY / 1000,
      message: '{time}{body}',
    }),
  events(_delivery, { value }) {
    if (!Array.isArray(value))
      throw new WebhookError('malformed_event', {
        problem: 'no_event',
        expected: 'an array of events',
      })
    return (value as unknown[]).map((event) => ({
      id: text(event, 'sg_event_id'),
      topic: needed(event, 'event'),
      payload: event,
    }))
  },
  compose: ({ topic = 'delivered', id = crypto.randomUUID(), payload }) => ({
    body: `${stringifyJson([mergeDeep({ event: topic, sg_event_id: id }, payload)])}\r\n`,
  }),
})
