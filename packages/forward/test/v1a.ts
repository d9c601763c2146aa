import { createPublicKey, verify } from 'node:crypto'
import type { Got } from './site.ts'

/**
 * Whether what a site got has a `v1a` signature of the public key `whpk_…`, by the words of the specification alone:
 * neither `standardwebhooks` nor `svix` from npm checks any. https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
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
