import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto'
import { standardWebhooksScheme } from '@postern/core/scheme'

/** Makes a signing secret of Standard Webhooks: `whsec_` for `v1` (HMAC-SHA256), `whsk_` for `v1a` (Ed25519). */
export function createSecret(version: 'v1' | 'v1a'): string {
  if (version === 'v1') return `whsec_${randomBytes(32).toString('base64')}`
  const seed = generateKeyPairSync('ed25519')
    .privateKey.export({ format: 'der', type: 'pkcs8' })
    .subarray(-32)
  return `whsk_${seed.toString('base64')}`
}

/** The receiver's key: the secret itself for `v1`, the public key `whpk_` for `v1a`. */
export function verifyingSecret(secret: string): string {
  const key = standardWebhooksScheme().key(secret)
  if (key.version === 'v1') return secret
  const point = (key.key.publicKey as KeyObject)
    .export({ format: 'der', type: 'spki' })
    .subarray(-32)
  return `whpk_${point.toString('base64')}`
}
