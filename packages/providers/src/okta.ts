import { jsonReply, type SecretOption } from '@postern/core'
import { mergeDeep, singleHeader, stringifyJson } from '@postern/core/internal'
import { token, type Factory } from '@postern/core/scheme'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { field, items, needed, text } from './common/read.ts'
import { sender, type PresetOptions } from './schemes/sender.ts'

/** Options of {@link okta}. */
export interface OktaOptions extends PresetOptions {
  /** The whole value of the authentication header, as you entered it at Okta. Okta adds no prefix. */
  readonly secret: SecretOption
  /** Name of the authentication header of the hook. @default 'Authorization' */
  readonly header?: string
}

/**
 * Okta event hooks, not the synchronous inline hooks. Nothing is signed: a header has the secret, and only TLS protects
 * the body. A delivery is a batch. The id of an event is `uuid`, which stays the same if Okta sends the event in
 * another batch. The topic is `eventType` (`user.session.start`). The receiver answers the unsigned GET that verifies
 * the hook. Okta expects an empty 2xx within 3 s and retries once. Events may arrive in any order; compare `published`.
 * https://developer.okta.com/docs/concepts/event-hooks/
 */
export const okta: Factory<OktaOptions> = /* @__PURE__ */ sender({
  name: 'okta',
  title: 'Okta event hooks',
  docs: 'https://developer.okta.com/docs/concepts/event-hooks/',
  setup: {
    steps: ['Admin Console', 'Workflow', 'Event Hooks', 'Create Event Hook'],
    secret: 'the Authentication secret that you enter, whole',
    docs: 'https://developer.okta.com/docs/guides/event-hook-filtering/main/',
  },
  topics: ['user.session.start', 'user.lifecycle.create', 'group.user_membership.add'],
  handshakes: ['GET with X-Okta-Verification-Challenge'],
  facts: {
    place: { header: 'Authorization' },
    challenge: { headers: { 'x-okta-verification-challenge': '{text}' } },
  },
  checked: '2026-11-28',
  delivers: { within: 3_000, ok: '2xx, empty', after4xx: 'dropped', retryId: 'same' },
  hint: 'Whole value of the authentication header.',
  extra: {
    header: 'The authentication header of the hook. Default Authorization.',
  },
  challenge: CHALLENGE,
  covers: { body: 'none' },
  sign: (_given, { header = 'authorization' }: Pick<OktaOptions, 'header'>) => token({ header }),
  methods: ['GET', 'POST'],
  greet(delivery) {
    if (delivery.method !== 'GET' || delivery.header(HEADER) === undefined) return undefined
    return jsonReply({ verification: checkedChallenge(singleHeader(delivery, HEADER)) })
  },
  events(_delivery, { value }) {
    return items(field(value, 'data'), 'events').map((event) => ({
      id: text(event, 'uuid'),
      topic: needed(event, 'eventType'),
      payload: event,
    }))
  },
  compose: ({ topic = 'user.session.start', id = crypto.randomUUID(), payload }) => ({
    body: stringifyJson({
      eventType: 'com.okta.event_hook',
      eventId: crypto.randomUUID(),
      data: { events: [mergeDeep({ uuid: id, eventType: topic }, payload)] },
    }),
  }),
})

const HEADER = 'x-okta-verification-challenge'
