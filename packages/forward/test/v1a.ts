import { createPublicKey, verify } from 'node:crypto'
import type { Got } from './site.ts'

/**
 * Returns true if a request has a `v1a` signature of the public key `whpk_…`, checked by the specification: neither
 * `standardwebhooks` nor `svix` from npm verifies `v1a`.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
 */
export function verifiedV1a({ headers, body }: Got, publicKey: string): boolean {
  const point = Buffer.from(publicKey.slice('whpk_'.length), 'base64')
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') },
    format: 'jwk',
  })
  const signed = Buffer.concat([
    Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`),
    body,
  ])
  return headers['webhook-signature']!.split(' ').some((each) => {
    const [version, signature = ''] = each.split(',')
    return version === 'v1a' && verify(null, signed, key, Buffer.from(signature, 'base64'))
  })
}
