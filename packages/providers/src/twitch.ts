import { textReply } from '@postern/core'
import { hmac, type Factory } from '@postern/core/scheme'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { field, needed, text } from './common/read.ts'
import { sender, type DatedPresetOptions } from './schemes/sender.ts'
import { sampleJson } from './common/paths.ts'

const TIME = 'twitch-eventsub-message-timestamp'

const ID = 'twitch-eventsub-message-id'

/**
 * Twitch EventSub. The signature is HMAC-SHA256 over message id, time and body. The topic is the type of the
 * subscription (`channel.follow`), followed by `.revocation` if Twitch revoked the subscription (`revocation` matches
 * each of these). The id is `Twitch-Eventsub-Message-Id`. The signed body decides the kind of a delivery, because the
 * header with the kind is unsigned. The receiver echoes the signed challenge of a new subscription. Twitch expects a
 * 2xx within a few seconds. Too many slow or failed answers revoke the subscription.
 * https://dev.twitch.tv/docs/eventsub/handling-webhook-events/
 */
export const twitch: Factory<DatedPresetOptions> = /* @__PURE__ */ sender({
  name: 'twitch',
  title: 'Twitch EventSub',
  docs: 'https://dev.twitch.tv/docs/eventsub/handling-webhook-events/',
  setup: {
    call: 'POST https://api.twitch.tv/helix/eventsub/subscriptions',
    secret: 'the text that you send as transport.secret when you create the subscription',
  },
  topics: ['channel.follow', 'stream.online', 'stream.offline', 'channel.follow.revocation'],
  handshakes: ['webhook_callback_verification'],
  facts: {
    scheme: 'HMAC-SHA256 of {id}{time}{body}, hex',
    challenge: {
      headers: { 'twitch-eventsub-message-type': 'webhook_callback_verification' },
      payload: { challenge: '{text}', subscription: { id: '1', type: 'channel.follow' } },
    },
  },
  checked: '2026-11-28',
  delivers: {
    givesUp: 'revoked after too many slow or failed answers',
    ok: '2xx',
    retryHeaders: { 'twitch-eventsub-message-retry': '1' },
    retryId: 'same',
  },
  hint: 'Secret of the subscription.',
  challenge: CHALLENGE,
  claims: 'twitch-eventsub-message-id',
  covers: { body: 'bytes', id: true, timestamp: true },
  sign: ({ tolerance = 600 }) =>
    hmac({
      header: 'Twitch-Eventsub-Message-Signature',
      prefix: 'sha256=',
      timestampHeader: TIME,
      timestampUnit: 'iso',
      tolerance,
      message: `{header:${ID}}{time}{body}`,
    }),
  handshake(_delivery, { value }) {
    const challenge = text(value, 'challenge')
    return challenge === undefined ? undefined : textReply(checkedChallenge(challenge))
  },
  events(delivery, { value }) {
    const id = delivery.header(ID)
    const subscription = field(value, 'subscription')
    const topic = needed(subscription, 'type')
    const hasEvent = ['event', 'events'].some((name) => field(value, name) !== undefined)
    const isRevoked = !ACTIVE.includes(text(subscription, 'status'))
    if (hasEvent || !isRevoked) return [{ id, topic, payload: value }]
    return [{ id, topic: `${topic}.revocation`, aliases: ['revocation'], payload: value }]
  },
  compose({ topic = 'channel.follow', id, at = Date.now(), payload }) {
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
      body: sampleJson(
        {
          subscription,
          ...(!isRevocation && { event: {} }),
        },
        payload,
      ),
    }
  },
})

const ACTIVE = [undefined, 'enabled', 'webhook_callback_verification_pending']
