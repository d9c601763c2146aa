import type { SecretOption } from '@postern/core'
import { ecdsa, type Factory } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY, MIB } from './common/units.ts'

/** Options of {@link sendgridInboundParse}. */
export interface SendgridInboundParseOptions {
  /** The public key of the security policy: base64 without PEM armor. */
  readonly publicKey?: SecretOption
  /** `true` accepts unsigned mail, which SendGrid sends without a security policy. @default false */
  readonly unauthenticated?: boolean
  /**
   * Maximum difference between the signed time and now, in seconds. @default 259200, since SendGrid retries for 3 days
   */
  readonly tolerance?: number
}

// Maximum size of a body: a mail of at most 30 MB, and the multipart format around the mail.
const MAX_BODY: number = 32 * MIB

/**
 * Twilio SendGrid Inbound Parse: a mail as `multipart/form-data`. With a security policy, the signature is ECDSA
 * (P-256, SHA-256) over time and body. The topic is `mail`. There is no id, because the author of a mail chooses its
 * Message-ID. The payload is `{ fields, files }`. Text fields are read as UTF-8; if `charsets` names another charset,
 * ask SendGrid for the raw mail. SendGrid retries a 5xx for 3 days and drops the mail at a 4xx.
 * https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/securing-your-parse-webhooks
 */
export const sendgridInboundParse: Factory<SendgridInboundParseOptions> = /* @__PURE__ */ provider({
  name: 'sendgrid-inbound-parse',
  title: 'SendGrid Inbound Parse',
  docs: 'https://www.twilio.com/docs/sendgrid/for-developers/parsing-email/securing-your-parse-webhooks',
  setup: {
    steps: ['Settings', 'Inbound Parse', 'Add Host & URL'],
    secret: 'the public key of the security policy that signs',
    docs: 'https://github.com/twilio/ai/blob/main/skills/sendgrid/twilio-sendgrid-inbound-parse/SKILL.md',
  },
  notSecret: [[/^SG\./, 'a key for the API']],
  topics: ['mail'],
  facts: {
    // A key pair that exists only for examples.
    example: {
      publicKey:
        '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUVA/gUQ0in8PAsAU\nM8TqwfQlcQYddOqpYF8jl5waPqahRANCAAT/PusU16ySX6abhcu4muj1fNCjFY6k\ngL6C9m1frEMmrZopMvh4Df4aMDq1vFw/h4wJqhgZa2V9BFP2aUjAmzVK\n-----END PRIVATE KEY-----',
    },
    checked: '2026-11-26',
    delivers: { retries: 3 * DAY, redirect: 'failure', after4xx: 'dropped', ok: '2xx' },
  },
  options: {
    publicKey: 'The public key of the security policy.',
    unauthenticated: 'true: accepts mail without any signature.',
    tolerance: 'Seconds the signed time may be away from now. Default 259200.',
  },
  formats: ['multipart'],
  secret: 'publicKey',
  ids: false,
  covers: { body: 'bytes', timestamp: true },
  scheme: ({ tolerance = (3 * DAY) / 1000 }) =>
    ecdsa({
      header: 'X-Twilio-Email-Event-Webhook-Signature',
      timestampHeader: 'X-Twilio-Email-Event-Webhook-Timestamp',
      tolerance,
      message: '{time}{body}',
    }),
  limits: { body: MAX_BODY },
  events: (_delivery, { value }) => [{ topic: 'mail', payload: value }],
  compose: ({ payload }) => {
    const fields = Object.entries({ text: '', ...(payload as object) })
    const parts = fields.map(
      ([name, value]) =>
        `--postern\r\ncontent-disposition: form-data; name="${String(name)}"\r\n\r\n${String(value)}\r\n`,
    )
    return {
      headers: { 'content-type': 'multipart/form-data; boundary=postern' },
      body: `${parts.join('')}--postern--\r\n`,
    }
  },
})
