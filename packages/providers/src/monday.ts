import { jsonReply, type Delivery, type Reply } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import { field } from './common/read.ts'
import { CHALLENGE, checkedChallenge } from './schemes/challenge.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, type UrlPresetOptions } from './schemes/preset.ts'

/**
 * Webhooks of a monday.com app. A JSON Web Token (HS256) in `Authorization`, without `Bearer`, has the URL as its
 * audience. The token expires after some minutes. **The body is not signed**: only TLS protects the body. The secret is
 * the signing secret of the app, or the client secret for events about the app itself. Behind a proxy, set `publicUrl`
 * to the registered URL. The topic is `event.type` (`create_pulse`) and the id is `event.triggerUuid`. The receiver
 * echoes the unsigned `{ challenge }` of a new webhook. Webhooks that a person makes in the user interface have no
 * token and are rejected.
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
  extra: {
    publicUrl: 'The URL as configured at monday.com. Default: the URL of the request.',
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

// The body of a challenge has only the member `challenge`, so no event can pass as a challenge.
function answered(delivery: Delivery): Reply | undefined {
  if (delivery.method !== 'POST' || !/^\s*\{\s*"challenge"/.test(delivery.text())) return undefined
  const body = delivery.json()
  const challenge = field(body, 'challenge')
  if (typeof challenge !== 'string' || Object.keys(body as object).length !== 1) return undefined
  return jsonReply({ challenge: checkedChallenge(challenge) })
}
