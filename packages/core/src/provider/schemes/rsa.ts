import {
  constants,
  createPrivateKey,
  createPublicKey,
  createSign,
  createVerify,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto'
import { encode, fromBase64, textBytes, toBuffer } from '../../body/bytes.ts'
import type { Scheme } from '../scheme.ts'
import {
  type HashName,
  type SignatureEncoding,
  decodeSignature,
  messageBytes,
} from './signature/template.ts'
import {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureOptions,
} from './signature/signature.ts'
import type { OpaqueKey } from './ed25519.ts'

/** How a sender signs with RSA, and how its signatures are written. */
export interface RsaAlgorithmOptions {
  /**
   * `pkcs1` is RSASSA-PKCS1-v1_5, `pss` is RSASSA-PSS with a salt as long as the hash (RFC 8017).
   * @default 'pkcs1'
   */
  readonly padding?: 'pkcs1' | 'pss' | undefined
  /** Hash function of the message. @default 'sha256' */
  readonly hash?: HashName | undefined
  /** Encoding of the signature. @default 'base64' */
  readonly encoding?: SignatureEncoding | undefined
}

/** Options of {@link rsa}. */
export interface RsaOptions extends SignatureOptions, RsaAlgorithmOptions {}

// Minimum length of an RSA key, in bits. Shorter keys have been factored, and NIST SP 800-131A disallows them even for
// verification.
const MIN_BITS = 1024
const EXPECTED =
  'an RSA key of at least 1024 bits, as PEM (public key or certificate) or as base64 of its SPKI form'

/**
 * Creates a scheme for RSA signatures (RFC 8017) over a message. The secret is the sender's public key or certificate
 * as PEM, or base64 of the key's SPKI form. If the secret is the PEM of a private key, the scheme can also sign. Only
 * the key of a certificate is used; its dates and issuer are not checked.
 *
 * @example rsa({ header: 'X-Signature', padding: 'pss', hash: 'sha512' })
 */
export function rsa(options: RsaOptions): Scheme<KeyPair> {
  return signatureScheme(rsaAlgorithm(options), options)
}

/** Returns the algorithm of {@link rsa}, for a scheme that reads the signature with its own code. */
export function rsaAlgorithm(options: RsaAlgorithmOptions = {}): SignatureAlgorithm<KeyPair> {
  const { padding: scheme = 'pkcs1', hash = 'sha256', encoding = 'base64' } = options
  const verifies = scheme === 'pss' ? verifyPss : verify
  const signs = scheme === 'pss' ? signPss : sign
  return {
    words: [`RSA${scheme === 'pss' ? '-PSS' : ''}-${hash.toUpperCase()}`, encoding],
    key(secret) {
      const pair = parseKeyPair(secret, EXPECTED)
      const { asymmetricKeyType: type, asymmetricKeyDetails: details } = pair.publicKey as KeyObject
      // A key of type rsa-pss may be used only with the PSS padding (RFC 4055).
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
        const signature = decodeSignature(candidate, encoding)
        return (
          signature !== undefined && verifies(hash, bytes, key.publicKey as KeyObject, signature)
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

/** An asymmetric key: the public half, and the private half if the secret contains it. */
export interface KeyPair {
  readonly publicKey: OpaqueKey
  readonly privateKey?: OpaqueKey | undefined
}

/**
 * Reads a key from PEM, or from base64 of an SPKI structure. The PEM can contain a public key, a certificate, or a
 * private key, which can also sign.
 *
 * @throws TypeError that contains the text `expected` if the string is not a key.
 */
export function parseKeyPair(secret: string, expected: string): KeyPair {
  const text = secret.trim()
  try {
    if (/^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
      const privateKey = createPrivateKey(text)
      return { publicKey: createPublicKey(privateKey), privateKey }
    }
    if (text.startsWith('-----BEGIN ')) return { publicKey: createPublicKey(text) }
    // Line breaks are removed, since dashboards and users insert them into long lines.
    const der = fromBase64(text.replace(/[\r\n]+[ \t]*/g, ''))
    if (der && der.length > 0)
      return { publicKey: createPublicKey({ key: toBuffer(der), format: 'der', type: 'spki' }) }
  } catch {
    // The error of OpenSSL is dropped: it does not help, and may quote the key.
  }
  throw new TypeError(`the key must be ${expected}${isPssKey(text) ? PSS_KEY : ''}`)
}

// This text is added to the error for an RSASSA-PSS key, because runtimes with BoringSSL (Bun, workerd) read only RSA
// keys of the general type.
const PSS_KEY =
  '; this one has the type RSASSA-PSS (RFC 4055), which not every runtime reads: give the same key with the type rsaEncryption'
const PSS_OID = /* @__PURE__ */ textBytes('06092a864886f70d01010a', 'hex')

function isPssKey(text: string): boolean {
  return textBytes(text.replace(/-----[^-]*-----/g, ''), 'base64').includes(PSS_OID)
}

// workerd (2026-11-17) can check RSASSA-PSS only with createVerify and the key's PEM string. The function verify() of
// workerd ignores the padding, and no call accepts a KeyObject together with options.

function verifyPss(
  hash: HashName,
  bytes: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  return createVerify(hash).update(bytes).verify(input(key), signature)
}

function signPss(hash: HashName, bytes: Uint8Array, key: KeyObject): Uint8Array {
  return createSign(hash).update(bytes).sign(input(key))
}

// True if the runtime accepts a KeyObject together with options; detected with the first key. Node
// 24.21 needs 26 µs with the object and 38 µs with the PEM string.
let takesObjects: boolean | undefined

interface PssInput<Key> {
  readonly key: Key
  readonly padding: number
  readonly saltLength: number
}

function input(key: KeyObject): PssInput<KeyObject> | PssInput<string> {
  takesObjects ??= isTaken(withPadding(key))
  if (takesObjects) return withPadding(key)
  const type = key.type === 'private' ? 'pkcs8' : 'spki'
  return withPadding(key.export({ format: 'pem', type }) as string)
}

function withPadding<Key>(key: Key): PssInput<Key> {
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants
  return { key, padding, saltLength }
}

function isTaken(given: PssInput<KeyObject>): boolean {
  try {
    createVerify('sha256').verify(given, new Uint8Array(1))
    return true
  } catch {
    return false
  }
}
