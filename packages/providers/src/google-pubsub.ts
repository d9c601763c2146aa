import { WebhookError, type Delivery } from '@postern/core'
import type { EventDraft, Factory, ParsedBody } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY } from './common/units.ts'
import { field, needed, text } from './common/read.ts'
import {
  googleOidc,
  googleOidcOptions,
  googleOidcReady,
  type GoogleOidcOptions,
} from './schemes/google-oidc.ts'

/** Options of {@link googlePubsub}. */
export interface GooglePubsubOptions extends GoogleOidcOptions {}

/**
 * Google Cloud Pub/Sub push with authentication. An OIDC token (RS256) in `Authorization` identifies the sender. The
 * receiver checks the token's issuer, its audience and the verified address of the service account. **The body is not
 * signed**: only TLS protects the body. Google uses the same token for an hour. The topic is the subscription and the
 * id is `messageId`. An unwrapped message has the topic and the id in headers. Pub/Sub accepts 102, 200, 201, 202 and
 * 204, and retries for 7 days by default. Needs the package jose.
 *
 * Pub/Sub can be a gateway for another sender (`behind`). The sender's body is then `message.data`, decoded from
 * base64, and the sender's headers are the message's attributes. An unwrapped message has the sender's headers in the
 * request.
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
  options: googleOidcOptions,
  formats: ['json', 'bytes'],
  claims: 'x-goog-pubsub-message-id',
  reads: ['x-goog-pubsub-subscription-name'],
  covers: { body: 'none', timestamp: true },
  canSign: false,
  prepare: (options) => googleOidcReady('google-pubsub', options),
  scheme: (options) => googleOidc('google-pubsub', options),
  events: (delivery, body) => [eventOf(delivery, body)],
  unwrap: (delivery, { value }) => (isUnwrapped(delivery) ? undefined : unwrapped(value)),
})

function isUnwrapped(delivery: Delivery): boolean {
  return (
    delivery.header('x-goog-pubsub-message-id') !== undefined &&
    delivery.header('x-goog-pubsub-subscription-name') !== undefined
  )
}

function eventOf(delivery: Delivery, { value }: ParsedBody): EventDraft {
  if (isUnwrapped(delivery))
    return {
      id: delivery.header('x-goog-pubsub-message-id'),
      topic: delivery.header('x-goog-pubsub-subscription-name')!,
      payload: value,
    }
  const message = field(value, 'message')
  return { id: text(message, 'messageId'), topic: needed(value, 'subscription'), payload: value }
}

function unwrapped(value: unknown): { body: Uint8Array; headers: Record<string, string> } {
  const message = field(value, 'message')
  const data = text(message, 'data') ?? ''
  const body = Buffer.from(data, 'base64')
  // `Buffer.from` skips characters that are not base64. The bytes would then differ from the sender's bytes.
  if (unpadded(body.toString('base64')) !== unpadded(data))
    throw new WebhookError('malformed_event', {
      problem: 'malformed',
      field: 'message.data',
      expected: 'base64',
    })
  const attributes = Object.entries(Object(field(message, 'attributes')) as object)
  const texts = attributes.filter((one): one is [string, string] => typeof one[1] === 'string')
  return { body, headers: Object.fromEntries(texts) }
}

function unpadded(base64: string): string {
  return base64.replace(/={1,2}$/, '')
}
