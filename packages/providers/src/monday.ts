import { jsonReply, type Delivery, type Reply, type SecretOption } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import { mergeDeep, stringifyJson } from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { at, field, member, needed } from './common/read.ts'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link monday}. `publicUrl` is the URL that the webhook was registered with. */
export interface MondayOptions extends PublicUrlOption {
  /** The signing secret of the app; the client secret for events of the app's own life. */
  readonly signingSecret: SecretOption
}

/**
 * monday.com, webhooks of an app. A JSON Web Token (HS256) alone in `Authorization` names the URL as its audience and ends
 * after some minutes. **The body is not signed**: only TLS protects it. Topic is `event.type` (`create_pulse`), id is
 * `event.triggerUuid`. The unsigned `{ challenge }` of a new webhook is echoed. Webhooks that are made by hand carry no token.
 * https://developer.monday.com/api-reference/reference/webhooks
 */
export const monday: Factory<MondayOptions> = /* @__PURE__ */ provider({
  name: 'monday',
  title: 'monday.com',
  docs: 'https://developer.monday.com/api-reference/reference/webhooks',
  setup: {
    call: 'the mutation create_webhook of the GraphQL API, with a token of the app',
    secret: 'the signing secret of the app, in Basic Information',
    docs: 'https://developer.monday.com/api-reference/reference/webhooks',
  },
  notSecret: [[/^eyJ/, 'a token for the API']],
  topics: ['create_pulse', 'update_column_value', 'create_update'],
  handshakes: ['challenge'],
  options: {
    signingSecret: 'Signing secret of the app.',
    publicUrl: 'The URL as monday.com has it. Default: the URL of the request.',
  },
  secret: 'signingSecret',
  covers: { body: 'none', url: true, timestamp: true },
  challenge: CHALLENGE,
  greets: 'body',
  scheme(options) {
    checkPublicUrl('monday', options)
    const scheme = jwt({
      algorithms: ['HS256'],
      header: 'Authorization',
      url: (delivery) => signedUrl(delivery, options),
      audience: (delivery) => [signedUrl(delivery, options)],
      required: ['exp'],
      claims: (_request, seconds) => ({ exp: seconds + 300 }),
    })
    return { ...scheme, covers: { ...scheme.covers, url: options.publicUrl === undefined } }
  },
  facts: {
    scheme: 'JWT (HS256) for the URL; the body is not signed',
    tolerance: 300,
    challenge: { payload: { challenge: '{text}' } },
    checked: '2026-11-28',
    delivers: {
      within: 180_000,
      retries: 1_800_000,
      after4xx: 'retried',
      ok: '200',
      source:
        'https://developer.monday.com/apps/changelog/clarification-on-retry-policies-for-webhooks-and-custom-actions',
    },
  },
  greet: answered,
  events: (_delivery, { value }) => [
    {
      id: member(value, 'event.triggerUuid'),
      topic: needed(at(value, 'event'), 'type'),
      payload: value,
    },
  ],
  compose: ({ topic = 'create_pulse', id = crypto.randomUUID(), payload }) => ({
    body: stringifyJson(mergeDeep({ event: { type: topic, triggerUuid: id } }, payload)),
  }),
})

// A challenge is all that its body holds, so that no event is one.
function answered(delivery: Delivery): Reply | undefined {
  if (delivery.method !== 'POST' || !/^\s*\{\s*"challenge"/.test(delivery.text())) return undefined
  const body = delivery.json()
  const challenge = field(body, 'challenge')
  if (typeof challenge !== 'string' || Object.keys(body as object).length !== 1) return undefined
  return jsonReply({ challenge: checkedChallenge(challenge) })
}
