import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { textBytes, concat, encode, fromBase64, fromHex } from '../../body/bytes.ts'
import type { Scheme } from '../scheme.ts'
import { decodeSignature, messageBytes } from './signature/template.ts'
import {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureOptions,
} from './signature/signature.ts'

/** Options of {@link ed25519}. */
export interface Ed25519Options extends SignatureOptions {
  /** Encoding of signature and public key. @default 'hex' */
  readonly encoding?: 'hex' | 'base64' | undefined
}

/** An Ed25519 key: the public half, and the private half if the secret contains it. */
export interface Ed25519Key {
  readonly publicKey: OpaqueKey
  readonly privateKey?: OpaqueKey | undefined
}

/**
 * A `KeyObject` of `node:crypto`. This type replaces it so that Postern's declarations do not need the types of Node.
 */
export type OpaqueKey = { readonly type: string }

/**
 * Creates a scheme for Ed25519 signatures (RFC 8032) over a message. The secret is the sender's public key of 32 bytes.
 * To sign too, give `private:` followed by the seed of 32 bytes, or by the private key of 64 bytes (seed and public
 * half). Signatures whose number S is not reduced (S ≥ L) are rejected.
 *
 * @example ed25519({ header: 'X-Signature-Ed25519', timestampHeader: 'X-Signature-Timestamp' })
 */
export function ed25519(options: Ed25519Options): Scheme<Ed25519Key> {
  return signatureScheme(ed25519Algorithm(options.encoding ?? 'hex'), options)
}

/** Returns the algorithm of {@link ed25519}, for a scheme that reads the signature with its own code. */
export function ed25519Algorithm(encoding: 'hex' | 'base64'): SignatureAlgorithm<Ed25519Key> {
  const decode = encoding === 'hex' ? fromHex : fromBase64
  return {
    words: ['Ed25519', encoding],
    key(secret) {
      const hidden = secret.startsWith('private:')
      const bytes = decode(hidden ? secret.slice(8) : secret)
      if (!bytes || !(bytes.length === 32 || (hidden && bytes.length === 64))) {
        throw new TypeError(
          `the key must be an Ed25519 public key: 32 bytes in ${encoding}${encoding === 'hex' ? ' (64 digits)' : ''}`,
        )
      }
      return hidden ? ed25519PrivateKey(bytes) : { publicKey: ed25519PublicKey(bytes) }
    },
    matches(key, message, candidates) {
      const bytes = messageBytes(message)
      return candidates.some((candidate) => {
        const signature = decodeSignature(candidate, encoding)
        return (
          signature?.length === 64 && verify(null, bytes, key.publicKey as KeyObject, signature)
        )
      })
    },
    sign(key, message) {
      if (!key.privateKey)
        throw new TypeError('an Ed25519 public key cannot sign: give `private:` and the seed')
      return encode(sign(null, messageBytes(message), key.privateKey as KeyObject), encoding)
    },
  }
}

// The fixed first bytes of a public and a private key in DER (RFC 8410, sections 4 and 7).
const SPKI = /* @__PURE__ */ textBytes('302a300506032b6570032100', 'hex')
const PKCS8 = /* @__PURE__ */ textBytes('302e020100300506032b657004220420', 'hex')

export function ed25519PublicKey(bytes: Uint8Array): OpaqueKey {
  return createPublicKey({ key: concat([SPKI, bytes]), format: 'der', type: 'spki' })
}

export function ed25519PrivateKey(bytes: Uint8Array): Ed25519Key {
  const privateKey = createPrivateKey({
    key: concat([PKCS8, bytes.subarray(0, 32)]),
    format: 'der',
    type: 'pkcs8',
  })
  return { publicKey: createPublicKey(privateKey), privateKey }
}
