import { WebhookError } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import type { JwtClaims } from '@postern/core/internal'
import { text } from './common/read.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, type UrlPresetOptions } from './schemes/preset.ts'

/**
 * Upstash QStash. A JSON Web Token (HS256) in `Upstash-Signature` names the URL and has the SHA-256 of the body in
 * base64url. Behind a proxy, set `publicUrl` to the URL that you publish to. The body is your own message. The topic is
 * the member `type` of the body, or else the text `message`. The id is the unsigned header `Upstash-Message-Id`, which
 * stays the same over retries.
 * https://upstash.com/docs/qstash/howto/signature
 */
export const qstashGateway: Factory<UrlPresetOptions<'signingKeys'>> = /* @__PURE__ */ preset({
  name: 'qstash-gateway',
  title: 'Upstash QStash',
  docs: 'https://upstash.com/docs/qstash/howto/signature',
  setup: {
    call: 'POST /v2/publish/<url> of the QStash API',
    secret: 'the current and the next signing key in the QStash tab of the console',
  },
  notSecret: [[/^qstash_/, 'the token of the API']],
  topics: ['message'],
  hint: 'Current and next signing key.',
  extra: {
    publicUrl: 'The URL that the message was published to. Default: the URL of the request.',
  },
  secret: 'signingKeys',
  formats: ['json', 'xml', 'form', 'bytes'],
  covers: { body: 'bytes', url: true, timestamp: true },
  sign: (_given, options: PublicUrlOption) =>
    urlScheme('qstash-gateway', options, (urlOf) =>
      jwt({
        algorithms: ['HS256'],
        header: 'Upstash-Signature',
        issuer: ['Upstash'],
        url: urlOf,
        required: ['exp', 'nbf', 'sub'],
        bodyHash: { claim: 'body', encoding: 'base64url' },
        check: (claims, delivery) => checkSubject(claims, urlOf(delivery)),
        claims: ({ url }, seconds) => ({ sub: url, nbf: seconds, exp: seconds + 300 }),
      }),
    ),
  fixedTolerance: true,
  facts: {
    scheme: 'JWT (HS256) for the URL, with the SHA-256 of {body}, base64url',
    tolerance: 300,
  },
  checked: '2026-11-28',
  delivers: {
    after4xx: 'retried',
    retryHeaders: { 'upstash-retried': '1' },
    ok: '2xx',
    source: 'https://upstash.com/docs/qstash/features/retry',
  },
  eventIdHeader: 'Upstash-Message-Id',
  topic: (_delivery, { value }) => text(value, 'type') ?? 'message',
  idPrefix: 'msg_',
})

function checkSubject({ sub }: JwtClaims, url: string): void {
  if (sub !== url)
    throw new WebhookError('unknown_sender', {
      problem: 'not_allowed',
      header: 'upstash-signature',
      field: 'sub',
      expected: url,
    })
}
