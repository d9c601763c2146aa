import { ecdsa, type Factory } from '@postern/core/scheme'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { DAY } from './common/units.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Twilio SendGrid Event Webhook with the signed event webhook turned on. The signature is ECDSA (P-256, SHA-256) over
 * time and body. A delivery is a batch. The topic of an event is `event` (`delivered`) and the id is `sg_event_id`.
 * SendGrid merges your custom arguments into events, where they may replace other members. SendGrid does not document a
 * maximum age. The default tolerance is a day, because SendGrid retries for a day. SendGrid expects a 2xx within 10 s.
 * https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
 */
export const sendgrid: Factory<DatedPresetOptions<'publicKey'>> = /* @__PURE__ */ preset({
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
  // A key pair that exists only for examples.
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
  hint: "The verification key of the webhook's settings.",
  secret: 'publicKey',
  sign: ({ tolerance = DAY / 1000 }) =>
    ecdsa({
      header: 'X-Twilio-Email-Event-Webhook-Signature',
      timestampHeader: 'X-Twilio-Email-Event-Webhook-Timestamp',
      tolerance,
      message: '{time}{body}',
    }),
  itemsField: '',
  eventIdField: 'sg_event_id',
  topicField: 'event',
  compose: ({ topic = 'delivered', id = crypto.randomUUID(), payload }) => ({
    body: `${stringifyJson([mergeDeep({ event: topic, sg_event_id: id }, payload)])}\r\n`,
  }),
})
