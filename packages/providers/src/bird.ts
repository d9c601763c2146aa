import { createHash } from 'node:crypto'
import { jwt, type Factory } from '@postern/core/scheme'
import { mismatch, safeEqual, type JwtClaims } from '@postern/core/internal'
import { HOUR } from './common/units.ts'
import { text } from './common/read.ts'
import { urlScheme, type PublicUrlOption } from './schemes/public-url.ts'
import { preset, topicOf, type UrlPresetOptions } from './schemes/preset.ts'

const HEADER = 'messagebird-signature-jwt'

/**
 * Bird (MessageBird). A JSON Web Token (HS256, HS384 or HS512) in `MessageBird-Signature-JWT` has the SHA-256 of the
 * URL and of the body. The token expires after a minute. Clocks may differ by 5 s, as in Bird's SDK. Behind a proxy,
 * set `publicUrl` to the URL that you gave to Bird. The topic is `type` (`message.created`). There is no event id.
 * https://developers.messagebird.com/api/
 */
export const bird: Factory<UrlPresetOptions<'signingKey'>> = /* @__PURE__ */ preset({
  name: 'bird',
  title: 'Bird (MessageBird)',
  docs: 'https://developers.messagebird.com/api/',
  setup: {
    call: 'POST https://conversations.messagebird.com/v1/webhooks',
    secret: 'the signing key of the account, in the developer settings',
    docs: 'https://developers.messagebird.com/api/conversations/',
  },
  topics: ['message.created', 'message.updated', 'conversation.created'],
  extra: {
    publicUrl: 'The URL as configured at Bird. Default: the URL of the request.',
  },
  secret: 'signingKey',
  formats: ['json', 'form'],
  covers: { body: 'bytes', url: true, timestamp: true },
  sign: (_given, options: PublicUrlOption) =>
    urlScheme('bird', options, (urlOf) =>
      jwt({
        algorithms: ['HS256', 'HS384', 'HS512'],
        header: HEADER,
        issuer: ['MessageBird'],
        tolerance: 5,
        url: urlOf,
        required: ['exp', 'url_hash', 'jti'],
        bodyHash: { claim: 'payload_hash' },
        check: (claims, delivery) => checkUrl(claims, urlOf(delivery)),
        claims: ({ url }, seconds) => ({
          nbf: seconds,
          exp: seconds + 60,
          jti: crypto.randomUUID(),
          url_hash: hashOf(url),
        }),
      }),
    ),
  fixedTolerance: true,
  facts: {
    scheme: 'JWT (HS256, HS384, HS512) with the SHA-256 of {url} and of {body}, hex',
    tolerance: 65,
  },
  checked: '2026-11-28',
  delivers: {
    retries: 8 * HOUR,
    after4xx: 'retried',
    ok: '2xx',
    source: 'https://docs.bird.com/api/notifications-api/retries',
  },
  topic: topicOf('type'),
})

function checkUrl(claims: JwtClaims, url: string): void {
  if (!safeEqual(text(claims, 'url_hash') ?? '', hashOf(url)))
    throw mismatch({ header: HEADER, field: 'url_hash' }, 1, { url })
}

function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('hex')
}
