import { createHash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import type { Delivery, SecretOption } from '@postern/core'
import {
  checkTimestamp,
  ed25519Algorithm,
  fetchedJwks,
  mismatch,
  parseTimestamp,
  singleHeader,
  toleranceOption,
  type Ed25519Key,
  type Jwk,
  type JwkSource,
} from '@postern/core/internal'
import type { Factory, Scheme, SignableRequest } from '@postern/core/scheme'
import { provider } from './common/provider.ts'
import { HOUR } from './common/units.ts'
import { text } from './common/read.ts'
import { sampleJson } from './common/paths.ts'

/** Options of {@link fal}. */
export interface FalOptions {
  /** The https URL of a key set, or Ed25519 public keys in hex. @default the key set of fal */
  readonly publicKeys?: SecretOption
  /** Maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
}

type Key = { readonly source: JwkSource } | { readonly one: Ed25519Key }

const KEYS = 'https://rest.alpha.fal.ai/.well-known/jwks.json'
const NAMES = ['request-id', 'user-id', 'timestamp', 'signature'].map((n) => `x-fal-webhook-${n}`)
const ED25519 = /* @__PURE__ */ ed25519Algorithm('hex')

/**
 * fal. The signature is Ed25519 in hex over request id, user id, time and the SHA-256 of the body. The keys are in
 * fal's key set, which the receiver fetches at the first delivery. The topic is `status` (`OK`) and the id is the
 * signed `X-Fal-Webhook-Request-Id`.
 * https://docs.fal.ai/model-apis/model-endpoints/webhooks
 */
export const fal: Factory<FalOptions> = /* @__PURE__ */ provider({
  name: 'fal',
  title: 'fal',
  docs: 'https://docs.fal.ai/model-apis/model-endpoints/webhooks',
  setup: {
    place: 'fal_webhook in the query of the request to the queue',
    secret: 'nothing: the public keys are fetched from fal',
  },
  topics: ['OK', 'ERROR'],
  options: {
    publicKeys: 'URL of the key set, or Ed25519 public keys in hex. Default: the key set of fal.',
    tolerance: 'Seconds the signed time may be away from now. Default 300.',
  },
  secret: 'publicKeys',
  secretOf: ({ publicKeys }) => ['publicKeys', publicKeys === undefined ? KEYS : publicKeys],
  claims: 'x-fal-webhook-request-id',
  covers: { body: 'bytes', id: true, timestamp: true },
  scheme: ({ tolerance }) => falScheme(toleranceOption(tolerance, 300)),
  facts: {
    scheme: 'Ed25519 of ids, {time} and the SHA-256 of {body}, hex',
    place: { header: 'X-Fal-Webhook-Signature' },
    tolerance: 300,
    example: { publicKeys: `private:${'9d'.repeat(32)}` },
    checked: '2026-11-28',
    delivers: { within: 15_000, retries: 2 * HOUR },
  },
  events: (delivery, { value }) => [
    {
      id: delivery.header('x-fal-webhook-request-id') || undefined,
      topic: text(value, 'status') ?? 'event',
      payload: value,
    },
  ],
  compose: ({ topic = 'OK', id = crypto.randomUUID(), payload }) => ({
    headers: { 'x-fal-webhook-request-id': id, 'x-fal-webhook-user-id': 'user' },
    body: sampleJson({ request_id: id, status: topic }, payload),
  }),
})

function falScheme(tolerance: number): Scheme<Key> {
  return {
    covers: { body: 'bytes', id: true, timestamp: true },
    needs: NAMES,
    key: (secret) =>
      secret.startsWith('https://')
        ? { source: fetchedJwks(secret) }
        : { one: ED25519.key(secret) },
    async verify(delivery, keys, now) {
      const signature = singleHeader(delivery, NAMES[3]!)
      const time = parseTimestamp(singleHeader(delivery, NAMES[2]!), NAMES[2]!)
      const message = messageOf(delivery)
      for (const [at, key] of keys.entries()) {
        const known =
          'one' in key ? [key.one] : (await key.source.find(undefined, now)).flatMap(keyOf)
        if (!known.some((one) => ED25519.matches(one, message, [signature]))) continue
        checkTimestamp(time, now, tolerance)
        return at
      }
      throw mismatch({ header: NAMES[3]! }, keys.length, { delivery })
    },
    sign(request: SignableRequest, key, now) {
      if (!('one' in key)) throw new TypeError('fal: publicKeys is a URL: sign needs a private key')
      const time = String(Math.floor(now / 1000))
      const dated = { ...request, headers: { ...request.headers, [NAMES[2]!]: time } }
      const message = messageIn(
        dated.body,
        NAMES.slice(0, 3).map((name) => dated.headers[name] ?? ''),
      )
      const signature = ED25519.sign!(key.one, message)
      return { ...dated, headers: { ...dated.headers, [NAMES[3]!]: signature } }
    },
  }
}

function messageOf(delivery: Delivery): string {
  return messageIn(
    delivery.body,
    NAMES.slice(0, 3).map((name) => singleHeader(delivery, name)),
  )
}

function messageIn(body: Uint8Array, parts: readonly string[]): string {
  return [...parts, createHash('sha256').update(body).digest('hex')].join('\n')
}

function keyOf({ kty, crv, x }: Jwk): readonly Ed25519Key[] {
  if (kty !== 'OKP' || crv !== 'Ed25519' || typeof x !== 'string') return []
  return [ED25519.key(Buffer.from(x, 'base64url').toString('hex'))]
}
