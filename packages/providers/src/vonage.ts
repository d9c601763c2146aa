import { jwt, type Factory } from '@postern/core/scheme'
import { joinedId } from './schemes/ids.ts'
import { text } from './common/read.ts'
import { DAY } from './common/units.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Vonage: signed webhooks of Messages, Verify, Voice and Dispatch. A JSON Web Token (HS256) in `Authorization: Bearer`
 * has the SHA-256 of the body as `payload_hash`. The topic is the value of `status`, such as `delivered`; without a
 * status, the text `message`. The id is made of `message_uuid` and `status`. Vonage expects an answer within 15 s.
 * After a 429 or 5xx, Vonage retries messages for 24 hours and delivery receipts for three days.
 * https://developer.vonage.com/en/getting-started/concepts/webhooks
 */
export const vonage: Factory<PresetOptions<'signatureSecret'>> = /* @__PURE__ */ sender({
  name: 'vonage',
  title: 'Vonage',
  docs: 'https://developer.vonage.com/en/getting-started/concepts/webhooks',
  setup: {
    steps: ['Applications', '<application>', 'Edit', 'Capabilities'],
    secret: 'the signature secret in the API settings of the account',
  },
  topics: ['delivered', 'submitted', 'message'],
  hint: 'Signature secret of the account.',
  secret: 'signatureSecret',
  covers: { body: 'bytes', id: true },
  // Vonage's tokens have no expiry, so the time is not checked.
  sign: () => ({
    ...jwt({ algorithms: ['HS256'], issuer: ['Vonage'], bodyHash: { claim: 'payload_hash' } }),
    covers: { body: 'bytes' },
  }),
  checked: '2026-11-28',
  delivers: {
    within: 15_000,
    retries: 3 * DAY,
    after4xx: 'dropped, but 429',
    ok: '200 to 205',
    source:
      'https://api.support.vonage.com/hc/en-us/articles/226572227-What-are-Vonage-s-HTTP-session-time-out-limits-for-a-webhook-response',
  },
  events: (_delivery, { value }) => [
    {
      id: joinedId(value, 'message_uuid', 'status') ?? text(value, 'message_uuid'),
      topic: text(value, 'status') ?? 'message',
      payload: value,
    },
  ],
  compose({ topic = 'delivered', id = crypto.randomUUID(), payload }) {
    const own = id.endsWith(`:${topic}`) ? id.slice(0, -topic.length - 1) : id
    const status = topic === 'message' ? {} : { status: topic }
    return { body: sampleJson({ message_uuid: own, ...status }, payload) }
  },
})
