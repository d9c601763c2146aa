import { createHash } from 'node:crypto'
import { WebhookError, type Delivery } from '@postern/core'
import {
  safeEqual,
  stringifyJson,
  fetchBounded,
  givenJwks,
  keyedJwks,
  type FetchOptions,
  type Jwk,
  type Jwks,
  type JwkSource,
  type JwtClaims,
} from '@postern/core/internal'
import { type Factory, fixedKeys, jwt } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { DAY, JSON_TYPE } from './common/units.ts'
import { field, narrowed, needed, text } from './common/read.ts'

/** Options of {@link plaid}: the API credentials that fetch the keys, or the keys themselves. */
export interface PlaidOptions extends FetchOptions {
  /** The client id with which the keys are fetched. */
  readonly clientId?: string
  /** The API secret with which the keys are fetched. */
  readonly secret?: string
  /** The Plaid environment from which the keys are fetched. @default 'production' */
  readonly environment?: 'production' | 'sandbox'
  /** The verification keys. If `jwks` is given, no keys are fetched. */
  readonly jwks?: Jwks
  /** Maximum difference between the token's `iat` and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
}

/**
 * Plaid. A JSON Web Token (only ES256) in `Plaid-Verification` has the SHA-256 of the body. The key that verifies the
 * token is fetched from Plaid by the key's id. The key is cached, and not used after it has expired. The topic is
 * `webhook_type.webhook_code` (`TRANSACTIONS.SYNC_UPDATES_AVAILABLE`). There is no id. Plaid expects a 200 within 10 s
 * and retries for 24 hours. Needs the package jose.
 * https://plaid.com/docs/api/webhooks/webhook-verification/
 */
export const plaid: Factory<PlaidOptions> = /* @__PURE__ */ provider({
  name: 'plaid',
  title: 'Plaid',
  docs: 'https://plaid.com/docs/api/webhooks/webhook-verification/',
  setup: {
    call: 'POST /link/token/create, with webhook',
    secret: "the API secret of your client_id, to fetch Plaid's keys",
    docs: 'https://plaid.com/docs/api/webhooks/',
  },
  notSecret: [[/^access-(?:sandbox|development|production)-/, 'an access token']],
  topics: ['TRANSACTIONS.SYNC_UPDATES_AVAILABLE', 'ITEM.ERROR', 'LINK.SESSION_FINISHED'],
  facts: {
    scheme: 'JWT (ES256) with the SHA-256 of {body}, hex',
    place: { header: 'Plaid-Verification' },
    tolerance: 300,
    example: { clientId: 'an-example-client', secret: 'an-example-secret' },
    checked: '2026-11-28',
    delivers: {
      within: 10_000,
      retries: DAY,
      after4xx: 'retried',
      givesUp: 'retries nothing while more than 90 % of a day were rejected',
      ok: '200',
      source: 'https://plaid.com/docs/api/webhooks/',
    },
  },
  options: {
    clientId: 'The client id, with which keys are fetched.',
    secret: 'The API secret, with which keys are fetched.',
    environment: "'production' or 'sandbox'. Default 'production'.",
    jwks: 'The verification keys, in place of fetching them.',
    fetch: 'In place of the global fetch.',
    timeout: 'Longest time of a fetch, in milliseconds. Default 5000.',
    tolerance: "Seconds the token's iat may be away from now. Default 300.",
  },
  ids: false,
  covers: { body: 'bytes', timestamp: true },
  canSign: false,
  scheme(options) {
    const source = keysOf(options)
    const scheme = jwt({
      header: 'Plaid-Verification',
      algorithms: ['ES256'],
      maxAge: options.tolerance ?? 300,
      check: checkBody,
      coversBody: true,
    })
    return {
      ...fixedKeys(scheme, [unexpired(source)]),
      ...(source.trusted && { trusted: source.trusted }),
    }
  },
  events: (_delivery, { value }) => [
    {
      ...narrowed(needed(value, 'webhook_type'), needed(value, 'webhook_code')),
      payload: value,
    },
  ],
})

// Plaid answers with this HTTP status if a key does not exist (INVALID_WEBHOOK_VERIFICATION_KEY_ID).
const UNKNOWN_KEY = 400

function checkBody(claims: JwtClaims, delivery: Delivery): void {
  const digest = createHash('sha256').update(delivery.body).digest('hex')
  if (!safeEqual(text(claims, 'request_body_sha256') ?? '', digest))
    throw new WebhookError('signature_mismatch', {
      problem: 'digest_differs',
      header: 'plaid-verification',
      field: 'request_body_sha256',
    })
}

// Returns a source without expired keys. Plaid sets `expired_at` when it has replaced a key.
function unexpired(source: JwkSource): JwkSource {
  const good = (keys: readonly Jwk[]): readonly Jwk[] =>
    keys.filter((key) => (key['expired_at'] ?? null) === null)
  return {
    ...source,
    find: async (kid, now) => (kid === undefined ? [] : good(await source.find(kid, now))),
  }
}

function keysOf(options: PlaidOptions): JwkSource {
  const { jwks, clientId: client_id, secret, environment = 'production' } = options
  if (jwks !== undefined) return givenJwks(jwks, 'plaid: jwks')
  if (!client_id || !secret)
    throw new TypeError(
      'plaid: clientId and secret are needed to fetch keys, or jwks in their place',
    )
  const url = `https://${environment}.plaid.com/webhook_verification_key/get`
  return keyedJwks(async (key_id) => {
    const body = stringifyJson({ client_id, secret, key_id })
    const headers = { 'content-type': JSON_TYPE }
    const init = { method: 'POST', headers, body }
    const bytes = await fetchBounded(url, options, init, UNKNOWN_KEY)
    if (bytes.length === 0) return undefined
    return field(JSON.parse(new TextDecoder().decode(bytes)), 'key') as Jwk | undefined
  }, options)
}
