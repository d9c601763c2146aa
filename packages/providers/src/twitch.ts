import {
  textReply,
  type Delivery,
  type EventMap,
  type Reply,
  type SecretOption,
} from '@postern/core'
import {
  defineProvider,
  hmac,
  singleHeader,
  stringifyJson,
  type Draft,
  type EventDraft,
  type ParsedBody,
  type Provider,
} from '@postern/core/scheme'
import { field, needed, text } from './common/read.ts'
import { checkIsoTime } from './schemes/iso-time.ts'

/** Options of {@link twitch}. */
export interface TwitchOptions {
  /** The secret given when the subscription was made. */
  readonly secret: SecretOption
  /** Seconds the signed time may be away from now, in the past and in the future. @default 600 */
  readonly tolerance?: number
}

/**
 * Twitch EventSub. HMAC-SHA256 over message id, time and body. Topic is the type of the subscription (`channel.follow`),
 * with `.revocation` after it where the subscription was revoked (`revocation` matches each of these). Id is
 * `Twitch-Eventsub-Message-Id`. What a delivery is, its signed body says; the header that says so too is not signed. The
 * challenge of a new subscription is signed and echoed. Twitch wants its 2xx within a few seconds; too many slow or failed
 * answers revoke the subscription.
 * https://dev.twitch.tv/docs/eventsub/handling-webhook-events/
 */
export function twitch<Events extends EventMap = EventMap>(
  options: TwitchOptions,
): Provider<Events> {
  const { tolerance = 600 } = options
  return defineProvider<Events, Uint8Array>({
    name: 'twitch',
    auth: {
      scheme: hmac({
        header: 'Twitch-Eventsub-Message-Signature',
        prefix: 'sha256=',
        tolerance,
        covers: { body: 'bytes', id: true, timestamp: true },
        message: (delivery) => [
          singleHeader(delivery, ID),
          singleHeader(delivery, TIME),
          delivery.body,
        ],
      }),
      secret: options.secret,
    },
    check: (delivery, clock) => checkIsoTime(delivery, TIME, clock(), tolerance),
    handshake,
    events,
    compose,
  })
}

const ID = 'twitch-eventsub-message-id'
const TIME = 'twitch-eventsub-message-timestamp'
const ACTIVE = [undefined, 'enabled', 'webhook_callback_verification_pending']

function handshake(_delivery: Delivery, { value }: ParsedBody): Reply | undefined {
  const challenge = text(value, 'challenge')
  return challenge === undefined ? undefined : textReply(challenge)
}

function events(delivery: Delivery, { value }: ParsedBody): readonly EventDraft[] {
  const id = delivery.header(ID)
  const subscription = field(value, 'subscription')
  const topic = needed(subscription, 'type')
  const hasEvent = ['event', 'events'].some((name) => field(value, name) !== undefined)
  const isRevoked = !ACTIVE.includes(text(subscription, 'status'))
  if (hasEvent || !isRevoked) return [{ id, topic, payload: value }]
  return [{ id, topic: `${topic}.revocation`, aliases: ['revocation'], payload: value }]
}

function compose({ topic = 'channel.follow', id, at = Date.now(), payload }: Draft): {
  headers: Record<string, string>
  body: string
} {
  const type = topic.replace(/\.revocation$/, '')
  const isRevocation = type !== topic
  const status = isRevocation ? 'authorization_revoked' : 'enabled'
  const subscription = { id: crypto.randomUUID(), status, type, version: '1', condition: {} }
  return {
    headers: {
      [ID]: id ?? crypto.randomUUID(),
      [TIME]: new Date(at).toISOString(),
      'twitch-eventsub-message-retry': '0',
      'twitch-eventsub-message-type': isRevocation ? 'revocation' : 'notification',
      'twitch-eventsub-subscription-type': type,
      'twitch-eventsub-subscription-version': '1',
    },
    body: stringifyJson({
      subscription,
      ...(!isRevocation && { event: {} }),
      ...(payload as object),
    }),
  }
}
