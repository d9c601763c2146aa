import { jsonReply, type Delivery, type Reply } from '@postern/core'
import { hmac, type Factory, type ParsedBody } from '@postern/core/scheme'
import { member } from './common/read.ts'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { preset, type DatedPresetOptions } from './schemes/preset.ts'

/**
 * Front's application webhooks. When you save the URL, Front sends a signed `sync` event, and the receiver returns that
 * request's `X-Front-Challenge`. Front's rule webhooks are signed in another way and are not supported.
 * https://dev.frontapp.com/docs/application-webhooks
 */
export const front: Factory<DatedPresetOptions> = /* @__PURE__ */ preset({
  name: 'front',
  title: 'Front',
  docs: 'https://dev.frontapp.com/docs/application-webhooks',
  setup: {
    place: 'the webhooks of the app in the developer settings',
    secret: 'the signing key of the app',
  },
  topics: ['inbound_received', 'outbound_sent', 'tag_added'],
  sign: (given) =>
    hmac({
      header: 'X-Front-Signature',
      encoding: 'base64',
      timestampHeader: 'X-Front-Request-Timestamp',
      timestampUnit: 'ms',
      message: '{time}:{body}',
      ...given,
    }),
  eventIdField: 'payload.id',
  topicField: 'type',
  handshakes: ['X-Front-Challenge'],
  challenge: CHALLENGE,
  reads: ['x-front-challenge'],
  handshake: answered,
  checked: '2026-11-28',
  delivers: {
    within: 5_000,
    after4xx: 'dropped, but 408 and 429',
    givesUp: 'disabled if deliveries keep failing',
    ok: '2xx',
    source: 'https://github.com/hookdeck/webhook-skills/tree/main/skills/frontapp-webhooks',
  },
})

// Returns the reply to a challenge. The challenge header is not signed, so an attacker could add the header to an
// event. The receiver would then drop the event. So the header counts only on `sync` events.
function answered(delivery: Delivery, { value }: ParsedBody): Reply | undefined {
  const challenge = delivery.header('x-front-challenge')
  if (challenge === undefined || member(value, 'type') !== 'sync') return undefined
  return jsonReply({ challenge: checkedChallenge(challenge) })
}
