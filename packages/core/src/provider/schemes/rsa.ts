import { sign, verify, type KeyObject, createPrivateKey, createPublicKey } from 'node:crypto'
import {
  encode,
  fromBase64,
  fromBase64url,
  fromHex,
  textBytes,
  toBuffer,
} from '../../body/bytes.ts'
import type { Scheme } from '../scheme.ts'
import { type HashName, type SignatureEncoding, messageBytes } from './signature/template.ts'
import { signPss, verifyPss } from './rsa-pss.ts'
import {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureOptions,
} from './signature/signature.ts'
import type { OpaqueKey } from './ed25519.ts'

/** How RSA signs and how it is written. */
export interface RsaAlgorithmOptions {
  /** `pkcs1` is RSASSA-PKCS1-v1_5, `pss` is RSASSA-PSS with a salt as long as the hash (RFC 8017). @default 'pkcs1' */
  readonly padding?: 'pkcs1' | 'pss' | undefined
  /** Hash function of the message. @default 'sha256' */
  readonly hash?: HashName | undefined
  /** How the signature is written as text. @default 'base64' */
  readonly encoding?: SignatureEncoding | undefined
}

/** Options of {@link rsa}. */
export interface RsaOptions extends SignatureOptions, RsaAlgorithmOptions {}

const DECODE = { hex: fromHex, base64: fromBase64, base64url: fromBase64url }
// Shorter ones have been factored; NIST SP 800-131A disallows them for verification too.
const MIN_BITS = 1024
const EXPECTED =
  'an RSA key of at least 1024 bits, as PEM (public key or certificate) or as base64 of its SPKI form'

/**
 * RSA signatures (RFC 8017) over a message. The secret is the sender's public key or certificate as PEM, or base64 of
 * the key's SPKI form; the PEM of a private key can sign as well. A certificate is a key here: neither its dates nor
 * its issuer are looked at.
 *
 * @example rsa({ header: 'X-Signature', padding: 'pss', hash: 'sha512' })
 */
export function rsa(options: RsaOptions): Scheme<KeyPair> {
  return signatureScheme(rsaAlgorithm(options), options)
}

/** The algorithm of {@link rsa} by itself, for schemes with a grammar of their own. */
export function rsaAlgorithm(options: RsaAlgorithmOptions = {}): SignatureAlgorithm<KeyPair> {
  const { padding: scheme = 'pkcs1', hash = 'sha256', encoding = 'base64' } = options
  const verifies = scheme === 'pss' ? verifyPss : verify
  const signs = scheme === 'pss' ? signPss : sign
  return {
    words: [`RSA${scheme === 'pss' ? '-PSS' : ''}-${hash.toUpperCase()}`, encoding],
    key(secret) {
      const pair = parseKeyPair(secret, EXPECTED)
      const { asymmetricKeyType: type, asymmetricKeyDetails: details } = pair.publicKey as KeyObject
      // A key of type rsa-pss is bound to that padding (RFC 4055).
      if (
        !(type === 'rsa' || (type === 'rsa-pss' && scheme === 'pss')) ||
        (details?.modulusLength ?? 0) < MIN_BITS
      )
        throw new TypeError(`the key must be ${EXPECTED}, got ${type} ${details?.modulusLength}`)
      return pair
    },
    matches(key, message, candidates) {
      const bytes = messageBytes(message)
      return candidates.some((candidate) => {
        const signature = DECODE[encoding](candidate)
        return (
          signature !== undefined &&
          encode(signature, encoding) === candidate &&
          verifies(hash, bytes, key.publicKey as KeyObject, signature)
        )
      })
    },
    sign(key, message) {
      if (!key.privateKey)
        throw new TypeError('an RSA public key cannot sign: give the PEM of the private key')
      return encode(signs(hash, messageBytes(message), key.privateKey as KeyObject), encoding)
    },
  }
}

/** An asymmetric key: the public half, and the private one if the secret held it. */
export interface KeyPair {
  readonly publicKey: OpaqueKey
  readonly privateKey?: OpaqueKey | undefined
}

/**
 * The key that a string holds: PEM of a public key, a certificate or a private key (which can sign as well), or base64 of an
 * SPKI structure without its armor.
 *
 * @throws TypeError that names what was `expected` if the string holds no key.
 */
export function parseKeyPair(secret: string, expected: string): KeyPair {
  const text = secret.trim()
  try {
    if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
      const privateKey = createPrivateKey(text)
      return { publicKey: createPublicKey(privateKey), privateKey }
    }
    if (text.startsWith('-----BEGIN ')) return { publicKey: createPublicKey(text) }
    // Dashboards break long lines, and so do those who copy from them.
    const der = fromBase64(text.replace(/[\r\n]+[ \t]*/g, ''))
    if (der && der.length > 0)
      return { publicKey: createPublicKey({ key: toBuffer(der), format: 'der', type: 'spki' }) }
  } catch {
    // The error of OpenSSL does not help and may quote the key.
  }
  throw new TypeError(`the key must be ${expected}${isPssKey(text) ? PSS_KEY : ''}`)
}

// Runtimes built on BoringSSL (Bun, workerd) read RSA keys of the general type alone.
const PSS_KEY =
  '; this one has the type RSASSA-PSS (RFC 4055), which not every runtime reads: give the same key with the type rsaEncryption'
const PSS_OID = /* @__PURE__ */ textBytes('06092a864886f70d01010a', 'hex')

function isPssKey(text: string): boolean {
  return textBytes(text.replace(/-----[^-]*-----/g, ''), 'base64').includes(PSS_OID)
}
