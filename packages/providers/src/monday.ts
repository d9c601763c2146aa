import { jsonReply, type Delivery, type Reply } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import { field } from './common/read.ts'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, type UrlPresetOptions } from './schemes/preset.ts'

/**
 * monday.com, webhooks of an app. A JSON Web Token (HS256) alone in `Authorization` names the URL as its audience and ends
 * after some minutes. **The body is not signed**: only TLS protects it. Topic is `event.type` (`create_pulse`), id is
 * `event.triggerUuid`. The unsigned `{ challenge }` of a new webhook is echoed. Webhooks that are made by hand carry no token.
 * https://developer.monday.com/api-reference/reference/webhooks
 */
export const monday: Factory<UrlPresetOptions<'signingSecret'>> = /* @__PURE__ */ preset({
  name: 'monday',
  title: 'monday.com',
  docs: 'https://developer.monday.com/api-reference/reference/webhooks',
  setup: {
    call: 'the mutation create_webhook of the GraphQL API, with a token of the app',
    secret: 'the signing secret of the app, in Basic Information',
  },
  notSecret: [[/^eyJ/, 'a token for the API']],
  topics: ['create_pulse', 'update_column_value', 'create_update'],
  handshakes: ['challenge'],
  hint: 'Signing secret of the app.',
  extra: {
    publicUrl: 'The URL as monday.com has it. Default: the URL of the request.',
  },
  secret: 'signingSecret',
  covers: { body: 'none', url: true, timestamp: true },
  challenge: CHALLENGE,
  greets: 'body',
  sign: (_given, options: PublicUrlOption) =>
    urlScheme('monday', options, (url) =>
      jwt({
        algorithms: ['HS256'],
        header: 'Authorization',
        url,
        audience: (delivery) => [url(delivery)],
        required: ['exp'],
        claims: (_request, seconds) => ({ exp: seconds + 300 }),
      }),
    ),
  fixedTolerance: true,
  facts: {
    scheme: 'JWT (HS256) for the URL; the body is not signed',
    tolerance: 300,
    challenge: { payload: { challenge: '{text}' } },
  },
  checked: '2026-11-28',
  delivers: {
    within: 180_000,
    retries: 1_800_000,
    after4xx: 'retried',
    ok: '200',
    source:
      'https://developer.monday.com/apps/changelog/clarification-on-retry-policies-for-webhooks-and-custom-actions',
  },
  greet: answered,
  eventIdField: 'event.triggerUuid',
  topicField: 'event.type',
})

// A challenge is all that its body holds, so that no event is one.
function answered(delivery: Delivery): Reply | undefined {
  if (delivery.method !== 'POST' || !/^\s*\{\s*"challenge"/.test(delivery.text())) return undefined
  const body = delivery.json()
  const challenge = field(body, 'challenge')
  if (typeof challenge !== 'string' || Object.keys(body as object).length !== 1) return undefined
  return jsonReply({ challenge: checkedChallenge(challenge) })
}
