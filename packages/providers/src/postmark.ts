import { basic, type Factory } from '@postern/core/scheme'
import { HOUR, MIB } from './common/units.ts'
import { member, text } from './common/read.ts'
import { joinedId } from './schemes/ids.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

/**
 * Postmark. Postmark does not sign: HTTP Basic credentials authenticate a delivery, and only TLS protects the body. The
 * topic is `RecordType` (`Bounce`). An inbound message without a `RecordType` has the topic `Inbound`. The id of a
 * bounce or complaint is `ID`. This number may exceed 2^53, and keeps every digit. The id of an inbound message is
 * `MessageID`. Other ids are made of message, type, recipient and time. Postmark expects a 200, stops at a 403, and
 * retries for about 11 hours.
 * https://postmarkapp.com/developer/webhooks/webhooks-overview
 */
export const postmark: Factory<PresetOptions<'credentials'>> = /* @__PURE__ */ sender({
  name: 'postmark',
  title: 'Postmark',
  docs: 'https://postmarkapp.com/developer/webhooks/webhooks-overview',
  setup: {
    steps: ['<server>', 'Webhooks'],
    url: 'https://account.postmarkapp.com',
    secret: 'the user and the password that you choose for the URL',
    docs: 'https://github.com/ActiveCampaign/postmark-skills/blob/main/postmark-webhooks/SKILL.md',
  },
  topics: ['Delivery', 'Bounce', 'SpamComplaint', 'Open', 'Click', 'SubscriptionChange', 'Inbound'],
  example: { credentials: 'user:an-example-password' },
  checked: '2026-11-26',
  // Inbound messages have up to 35 MB of attachments, in base64.
  delivers: { largest: 50 * MIB, retries: 12 * HOUR, after4xx: 'retried, but 403', ok: '200' },
  hint: 'user:password of the webhook.',
  secret: 'credentials',
  covers: { body: 'none' },
  sign: () => basic(),
  events(delivery, { value }) {
    const exact = delivery.json('exact')
    const topic = text(exact, 'RecordType') ?? 'Inbound'
    return [{ id: idOf(exact, topic), topic, payload: value }]
  },
  compose: ({ topic = 'Bounce', id, payload }) => ({
    body: sampleJson(
      {
        RecordType: topic,
        ...((id !== undefined || BOUNCES.includes(topic)) && {
          ID: BigInt(id ?? '4323372036854775807'),
        }),
      },
      payload,
    ),
  }),
})

// Only records of these types have an `ID`.
const BOUNCES = ['Bounce', 'SpamComplaint']

const WHEN: Readonly<Record<string, string>> = {
  Delivery: 'DeliveredAt',
  Open: 'ReceivedAt',
  Click: 'ReceivedAt',
  SubscriptionChange: 'ChangedAt',
}

function idOf(exact: unknown, topic: string): string | undefined {
  if (topic === 'Inbound') return member(exact, 'MessageID')
  const own = member(exact, 'ID')
  if (own !== undefined) return own
  const whom = text(exact, 'Recipient') === undefined ? 'Email' : 'Recipient'
  return joinedId(exact, 'MessageID', 'RecordType', whom, WHEN[topic] ?? 'ReceivedAt')
}
