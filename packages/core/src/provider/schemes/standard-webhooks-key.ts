import { fromBase64, toBuffer } from '../../body/bytes.ts'
import { ed25519PrivateKey, ed25519PublicKey, type Ed25519Key } from './ed25519.ts'

/** How a secret becomes a key: its text, as it is, or decoded as the specification has it. */
export type KeyForm = 'text' | 'decoded'

/** The key of a secret: HMAC bytes for `v1`, or an Ed25519 key for `v1a`. */
export type StandardWebhooksKey =
  | { readonly version: 'v1'; readonly key: Uint8Array }
  | { readonly version: 'v1a'; readonly key: Ed25519Key }

/** Makes a key of a secret. */
export const FORMS: Readonly<Record<KeyForm, (secret: string) => StandardWebhooksKey>> = {
  text: (secret) => ({ version: 'v1', key: toBuffer(secret) }),
  decoded: parseKey,
}

function parseKey(secret: string): StandardWebhooksKey {
  if (secret.startsWith('whpk_'))
    return {
      version: 'v1a',
      key: { publicKey: ed25519PublicKey(base64Key(secret, 'whpk_', [32])) },
    }
  if (secret.startsWith('whsk_'))
    return { version: 'v1a', key: ed25519PrivateKey(base64Key(secret, 'whsk_', [32, 64])) }
  return { version: 'v1', key: base64Key(secret, 'whsec_') }
}

function base64Key(secret: string, prefix: string, lengths?: readonly number[]): Uint8Array {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret
  const bytes = fromBase64(text.padEnd(Math.ceil(text.length / 4) * 4, '='))
  if (!bytes || bytes.length === 0)
    throw new TypeError(
      `the secret must be ${prefix} and base64; use raw: true if the sender signs with the secret as it is`,
    )
  if (lengths && !lengths.includes(bytes.length))
    throw new TypeError(
      `a ${prefix} key must hold ${lengths.join(' or ')} bytes, got ${bytes.length}`,
    )
  return bytes
}
