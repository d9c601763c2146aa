import { WebhookError, type Delivery } from '@postern/core'
import {
  type EventDraft,
  type Factory,
  type ParsedBody,
  fetchedJwks,
  fixedKeys,
  givenJwks,
  jwt,
  type Jwks,
  type JwtClaims,
  type FetchOptions,
} from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { field, needed, text } from './common/read.ts'

/** Options of {@link googlePubsub}. */
export interface GooglePubsubOptions extends FetchOptions {
  /** The service account of the push subscription. Anybody at Google can have a token made for your audience. */
  readonly email: string | readonly string[]
  /**
   * The audience of the push subscription. Give it if anybody may choose the Host of a request.
   * @default the URL of the request, since Google's default is the URL it pushes to
   */
  readonly audience?: string | readonly string[]
  /** Google's keys, in place of fetching them. */
  readonly jwks?: Jwks
  /** Seconds the clocks may differ. @default 60 if the token is from the future, 0 if it has expired */
  readonly tolerance?: number
}

const KEYS = 'https://www.googleapis.com/oauth2/v3/certs'

/**
 * Google Cloud Pub/Sub push, authenticated. An OIDC token (RS256) in `Authorization` says who pushes: issuer, audience and
 * the verified address of the service account are checked. **The body is not signed**: TLS alone protects it, and a token
 * is used again for an hour. Topic is the subscription, id `messageId`; an unwrapped message has both in headers. Pub/Sub
 * takes 102, 200, 201, 202 and 204 and retries for 7 days by default. Needs the package jose.
 * https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
 */
export const googlePubsub: Factory<GooglePubsubOptions> = /* @__PURE__ */ provider({
  name: 'google-pubsub',
  title: 'Google Cloud Pub/Sub',
  docs: 'https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions',
  setup: {
    place:
      'the push endpoint of a subscription: gcloud pubsub subscriptions create with --push-endpoint',
    docs: 'https://docs.cloud.google.com/pubsub/docs/create-push-subscription',
  },
  topics: ['projects/my-project/subscriptions/my-subscription'],
  facts: {
    scheme: 'JWT (RS256) by Google; the body is not signed',
    place: { header: 'Authorization' },
    tolerance: 'none',
    example: {
      audience: 'https://example.com/webhooks',
      email: 'push@example.iam.gserviceaccount.com',
    },
    checked: '2026-11-26',
    delivers: {
      retries: 7 * DAY,
      redirect: 'failure',
      after4xx: 'retried',
      ok: '102, 200, 201, 202 or 204',
    },
  },
  options: {
    email: 'The service account of the push subscription.',
    audience: 'Its audience. Default: the URL of the request.',
    jwks: "Google's keys, in place of fetching them.",
    fetch: 'In place of the global fetch.',
    timeout: 'Milliseconds a fetch may take. Default 5000.',
    tolerance: 'Seconds the clocks may differ. Default 60 ahead, 0 behind.',
  },
  formats: ['json', 'bytes'],
  claims: 'x-goog-pubsub-message-id',
  reads: ['x-goog-pubsub-subscription-name'],
  covers: { body: 'none', timestamp: true },
  canSign: false,
  prepare(options) {
    const emails = [options.email ?? []].flat()
    if (emails.length === 0 || !emails.every((one) => typeof one === 'string' && one.includes('@')))
      throw new TypeError('google-pubsub: email must be the service account of the subscription')
    return { ...options, emails }
  },
  scheme: ({ audience, emails, jwks, tolerance, ...fetching }) =>
    fixedKeys(
      jwt({
        algorithms: ['RS256'],
        issuer: ['https://accounts.google.com', 'accounts.google.com'],
        audience: ({ url }) => [audience ?? url].flat(),
        required: ['exp'],
        tolerance,
        check: (claims) => checkEmail(claims, emails),
      }),
      [jwks === undefined ? fetchedJwks(KEYS, fetching) : givenJwks(jwks, 'google-pubsub: jwks')],
    ),
  events: (delivery, body) => [eventOf(delivery, body)],
})

function checkEmail(claims: JwtClaims, emails: readonly string[]): void {
  if (claims['email_verified'] !== true || !emails.includes(String(claims['email'])))
    throw new WebhookError('unknown_sender', {
      problem: 'not_allowed',
      header: 'authorization',
      field: 'email',
      expected: 'of serviceAccount',
    })
}

function eventOf(delivery: Delivery, { value }: ParsedBody): EventDraft {
  const id = delivery.header('x-goog-pubsub-message-id')
  const topic = delivery.header('x-goog-pubsub-subscription-name')
  if (topic !== undefined && id !== undefined) return { id, topic, payload: value }
  const message = field(value, 'message')
  return { id: text(message, 'messageId'), topic: needed(value, 'subscription'), payload: value }
}
