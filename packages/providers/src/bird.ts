import { createHash } from 'node:crypto'
import type { Delivery, SecretOption } from '@postern/core'
import { jwt, type Factory } from '@postern/core/scheme'
import {
  mergeDeep,
  mismatch,
  safeEqual,
  stringifyJson,
  type JwtClaims,
} from '@postern/core/internal'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { text } from './common/read.ts'
import { checkPublicUrl, signedUrl, type PublicUrlOption } from './schemes/public-url.ts'

/** Options of {@link bird}. `publicUrl` is the URL as it is at Bird. */
export interface BirdOptions extends PublicUrlOption {
  /** The signing key of the account, as its text. */
  readonly signingKey: SecretOption
}

const HEADER = 'messagebird-signature-jwt'

/**
 * Bird (MessageBird). A JSON Web Token (HS256, HS384 or HS512) in `MessageBird-Signature-JWT` holds the SHA-256 of the URL
 * and of the body, and ends after a minute; clocks may differ by 5 s, as in its SDK. Topic is `type` (`message.created`);
 * there is no id of the event.
 * https://developers.messagebird.com/api/
 */
export const bird: Factory<BirdOptions> = /* @__PURE__ */ provider({
  name: 'bird',
  title: 'Bird (MessageBird)',
  docs: 'https://developers.messagebird.com/api/',
  setup: {
    call: 'POST https://conversations.messagebird.com/v1/webhooks',
    secret: 'the signing key in the developer settings of the dashboard',
    docs: 'https://developers.messagebird.com/api/conversations/',
  },
  topics: ['message.created', 'message.updated', 'conversation.created'],
  options: {
    signingKey: 'Signing key of the account.',
    publicUrl: 'The URL as Bird has it. Default: the URL of the request.',
  },
  secret: 'signingKey',
  formats: ['json', 'form'],
  ids: false,
  covers: { body: 'bytes', url: true, timestamp: true },
  scheme(options) {
    checkPublicUrl('bird', options)
    const scheme = jwt({
      algorithms: ['HS256', 'HS384', 'HS512'],
      header: HEADER,
      issuer: ['MessageBird'],
      tolerance: 5,
      url: (delivery) => signedUrl(delivery, options),
      required: ['exp', 'url_hash', 'jti'],
      bodyHash: { claim: 'payload_hash' },
      check: (claims, delivery) => checkUrl(claims, delivery, options),
      claims: ({ url }, seconds) => ({
        nbf: seconds,
        exp: seconds + 60,
        jti: crypto.randomUUID(),
        url_hash: hashOf(url),
      }),
    })
    return { ...scheme, covers: { ...scheme.covers, url: options.publicUrl === undefined } }
  },
  facts: {
    scheme: 'JWT (HS256, HS384, HS512) with the SHA-256 of {url} and of {body}, hex',
    tolerance: 65,
    checked: '2026-11-28',
    delivers: {
      retries: 8 * HOUR,
      after4xx: 'retried',
      ok: '2xx',
      source: 'https://docs.bird.com/api/notifications-api/retries',
    },
  },
  events: (_delivery, { value }) => [{ topic: text(value, 'type') ?? 'event', payload: value }],
  compose: ({ topic = 'message.created', payload }) => ({
    body: stringifyJson(mergeDeep({ type: topic }, payload)),
  }),
})

function checkUrl(claims: JwtClaims, delivery: Delivery, options: BirdOptions): void {
  const url = signedUrl(delivery, options)
  if (!safeEqual(text(claims, 'url_hash') ?? '', hashOf(url)))
    throw mismatch({ header: HEADER, field: 'url_hash' }, 1, { url })
}

function hashOf(url: string): string {
  return createHash('sha256').update(url).digest('hex')
}
