import { WebhookError, type Delivery, type SecretOption } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import type { JwtClaims } from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { text } from './common/read.ts'
import { composeGeneric } from './schemes/generic/compose.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link qstashGateway}. `publicUrl` is the URL that the message was published to. */
export interface QstashGatewayOptions extends PublicUrlOption {
  /** The current and the next signing key: both, since QStash changes from one to the other. */
  readonly signingKeys: SecretOption
}

const PLACES = { eventIdHeader: 'Upstash-Message-Id' }

/**
 * Upstash QStash. A JSON Web Token (HS256) in `Upstash-Signature` names the URL and holds the SHA-256 of the body in base64url.
 * The body is what was published, so the topic is `type` of it, or `message`; id is `Upstash-Message-Id`, the same over
 * retries, which nothing protects.
 * https://upstash.com/docs/qstash/howto/signature
 */
export const qstashGateway: Factory<QstashGatewayOptions> = /* @__PURE__ */ provider({
  name: 'qstash-gateway',
  title: 'Upstash QStash',
  docs: 'https://upstash.com/docs/qstash/howto/signature',
  setup: {
    call: 'POST /v2/publish/<url> of the QStash API',
    secret: 'the current and the next signing key in the QStash tab of the console',
    docs: 'https://upstash.com/docs/qstash/howto/signature',
  },
  notSecret: [[/^qstash_/, 'the token of the API']],
  topics: ['message'],
  options: {
    signingKeys: 'Current and next signing key.',
    publicUrl: 'The URL that the message was published to. Default: the URL of the request.',
  },
  secret: 'signingKeys',
  claims: 'upstash-message-id',
  formats: ['json', 'xml', 'form', 'bytes'],
  covers: { body: 'bytes', url: true, timestamp: true },
  scheme(options) {
    checkPublicUrl('qstash-gateway', options)
    const scheme = jwt({
      algorithms: ['HS256'],
      header: 'Upstash-Signature',
      issuer: ['Upstash'],
      url: (delivery) => signedUrl(delivery, options),
      required: ['exp', 'nbf', 'sub'],
      bodyHash: { claim: 'body', encoding: 'base64url' },
      check: (claims, delivery) => checkSubject(claims, delivery, options),
      claims: ({ url }, seconds) => ({ sub: url, nbf: seconds, exp: seconds + 300 }),
    })
    return { ...scheme, covers: { ...scheme.covers, url: options.publicUrl === undefined } }
  },
  facts: {
    scheme: 'JWT (HS256) for the URL, with the SHA-256 of {body}, base64url',
    tolerance: 300,
    checked: '2026-11-28',
    delivers: {
      after4xx: 'retried',
      retryHeaders: { 'upstash-retried': '1' },
      ok: '2xx',
      source: 'https://upstash.com/docs/qstash/features/retry',
    },
  },
  events: (delivery, { value }) => [
    {
      id: delivery.header('upstash-message-id') || undefined,
      topic: text(value, 'type') ?? 'message',
      payload: value,
    },
  ],
  compose: (draft) => composeGeneric({ id: `msg_${crypto.randomUUID()}`, ...draft }, PLACES),
})

function checkSubject({ sub }: JwtClaims, delivery: Delivery, options: QstashGatewayOptions): void {
  const url = signedUrl(delivery, options)
  if (sub !== url)
    throw new WebhookError('unknown_sender', {
      problem: 'not_allowed',
      header: 'upstash-signature',
      field: 'sub',
      expected: url,
    })
}
