import { type Delivery, type EventMap, type SecretOption } from '@postern/core'
import {
  basic,
  defineProvider,
  stringifyJson,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { joined } from './schemes/ids.ts'
import { HOUR, MIB } from './common/entry.ts'
import { member, text } from './common/read.ts'

/** Options of {@link postmark}. */
export interface PostmarkOptions {
  /** `user:password` of the webhook's URL or its HTTP authentication; split at the first colon. */
  readonly credentials: SecretOption
}

/**
 * Postmark. It does not sign: the webhook carries HTTP Basic credentials, and the body is as safe as TLS. Topic is
 * `RecordType` (`Bounce`), or `Inbound` where an inbound message has none. The id of a bounce or complaint is `ID`, beyond
 * 2^53 and kept to its last digit; of an inbound message `MessageID`; of the others message, type, recipient and time.
 * Postmark wants a 200, stops at 403, and retries for about 11 hours.
 * https://postmarkapp.com/developer/webhooks/webhooks-overview
 */
export function postmark<Events extends EventMap = EventMap>(
  options: PostmarkOptions,
): Provider<Events> {
  return defineProvider<Events, string>({
    name: 'postmark',
    auth: { scheme: basic(), secret: options.credentials, option: 'credentials' },
    // Inbound messages carry their attachments, 35 MB of them, in base64.
    limits: { body: 50 * MIB },
    retrySpan: 12 * HOUR,
    events,
    compose: ({ topic = 'Bounce', id, payload }) => ({
      body: stringifyJson({
        RecordType: topic,
        ...((id !== undefined || BOUNCES.includes(topic)) && {
          ID: BigInt(id ?? '4323372036854775807'),
        }),
        ...(payload as object),
      }),
    }),
  })
}

// No others have an ID of their own.
const BOUNCES = ['Bounce', 'SpamComplaint']

const WHEN: Readonly<Record<string, string>> = {
  Delivery: 'DeliveredAt',
  Open: 'ReceivedAt',
  Click: 'ReceivedAt',
  SubscriptionChange: 'ChangedAt',
}

function events(delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const exact = delivery.json('exact')
  const topic = text(exact, 'RecordType') ?? 'Inbound'
  return [{ id: idOf(exact, topic), topic, payload: value }]
}

function idOf(exact: unknown, topic: string): string | undefined {
  if (topic === 'Inbound') return member(exact, 'MessageID')
  const own = member(exact, 'ID')
  if (own !== undefined) return own
  const whom = text(exact, 'Recipient') === undefined ? 'Email' : 'Recipient'
  return joined(exact, 'MessageID', 'RecordType', whom, WHEN[topic] ?? 'ReceivedAt')
}
