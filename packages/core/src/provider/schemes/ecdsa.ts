import { sign, verify, type KeyObject } from 'node:crypto'
import { encode } from '../../body/bytes.ts'
import type { Scheme } from '../scheme.ts'
import { type SignatureEncoding, decodeSignature, messageBytes } from './signature/template.ts'
import { parseKeyPair, type KeyPair } from './rsa.ts'
import {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureOptions,
} from './signature/signature.ts'

/** Curves that senders use, named as in JOSE (RFC 7518, section 6.2.1.1). */
export type EcdsaCurve = 'P-256' | 'P-384' | 'P-521'

/** How a sender signs with ECDSA, and how its signatures are written. */
export interface EcdsaAlgorithmOptions {
  /** The curve of the key. @default 'P-256' */
  readonly curve?: EcdsaCurve | undefined
  /** Hash function of the message. @default the hash that JOSE pairs with the curve: SHA-256, SHA-384, SHA-512 */
  readonly hash?: 'sha256' | 'sha384' | 'sha512' | undefined
  /**
   * How a signature is written: `der` is the ASN.1 sequence of r and s; `raw` is r followed by s (IEEE P1363, JOSE).
   * @default 'der'
   */
  readonly form?: 'der' | 'raw' | undefined
  /** Encoding of the signature. @default 'base64' */
  readonly encoding?: SignatureEncoding | undefined
}

/** Options of {@link ecdsa}. */
export interface EcdsaOptions extends SignatureOptions, EcdsaAlgorithmOptions {}

const CURVES = {
  'P-256': { name: 'prime256v1', size: 32, hash: 'sha256' },
  'P-384': { name: 'secp384r1', size: 48, hash: 'sha384' },
  'P-521': { name: 'secp521r1', size: 66, hash: 'sha512' },
} as const

/**
 * Creates a scheme for ECDSA signatures (FIPS 186-5) over a message. The secret is the sender's public key, as PEM or
 * as base64 of its SPKI form. If the secret is the PEM of a private key, the scheme can also sign. Signatures in the
 * other form (`der` instead of `raw`, or `raw` instead of `der`) or in a non-canonical encoding are rejected.
 *
 * @example ecdsa({ header: 'X-Signature', timestampHeader: 'X-Timestamp' })
 */
export function ecdsa(options: EcdsaOptions): Scheme<KeyPair> {
  return signatureScheme(ecdsaAlgorithm(options), options)
}

/** Returns the algorithm of {@link ecdsa}, for a scheme that reads the signature with its own code. */
export function ecdsaAlgorithm(options: EcdsaAlgorithmOptions = {}): SignatureAlgorithm<KeyPair> {
  const { curve = 'P-256', form = 'der', encoding = 'base64' } = options
  const { name, size, hash: paired } = CURVES[curve]
  const hash = options.hash ?? paired
  const expected = `an ECDSA key on curve ${curve}, as PEM or as base64 of its SPKI form`
  return {
    words: [`ECDSA ${curve}`, encoding],
    key(secret) {
      const pair = parseKeyPair(secret, expected)
      const { asymmetricKeyType: type, asymmetricKeyDetails: details } = pair.publicKey as KeyObject
      if (type !== 'ec' || details?.namedCurve !== name)
        throw new TypeError(
          `the key must be ${expected}, got ${type}${details?.namedCurve === undefined ? '' : ` on ${details.namedCurve}`}`,
        )
      return pair
    },
    matches(key, message, candidates) {
      const bytes = messageBytes(message)
      return candidates.some((candidate) => {
        const given = decodeSignature(candidate, encoding)
        if (given === undefined) return false
        // `dsaEncoding` would avoid this conversion, but workerd (2026-11-17) accepts no KeyObject with options.
        const signature = form === 'der' ? given : rawToDer(given, size)
        return signature !== undefined && verify(hash, bytes, key.publicKey as KeyObject, signature)
      })
    },
    sign(key, message) {
      if (!key.privateKey)
        throw new TypeError('an ECDSA public key cannot sign: give the PEM of the private key')
      const signature = sign(hash, messageBytes(message), key.privateKey as KeyObject)
      return encode(form === 'der' ? signature : derToRaw(signature, size), encoding)
    },
  }
}

/** Converts a raw ECDSA signature (r and s) to DER (RFC 3279, section 2.2.3); undefined for a wrong length. */
export function rawToDer(raw: Uint8Array, size: number): Uint8Array | undefined {
  if (raw.length !== 2 * size) return undefined
  const numbers = [...integer(raw.subarray(0, size)), ...integer(raw.subarray(size))]
  const long = numbers.length > 127 ? [0x81] : []
  return Uint8Array.from([SEQUENCE, ...long, numbers.length, ...numbers])
}

/** Converts an ECDSA signature from DER, as `node:crypto` writes it, to the raw form: r and s, `size` bytes each. */
export function derToRaw(der: Uint8Array, size: number): Uint8Array {
  const raw = new Uint8Array(2 * size)
  let at = der[1] === 0x81 ? 3 : 2
  for (const end of [size, 2 * size]) {
    const length = der[at + 1]!
    const number = der.subarray(at + 2, at + 2 + length)
    // DER adds a zero byte before a number whose first bit is set. A number that is longer than `size` loses this byte.
    const digits = number.subarray(Math.max(0, length - size))
    raw.set(digits, end - digits.length)
    at += 2 + length
  }
  return raw
}

const SEQUENCE = 0x30
const INTEGER = 0x02

/** Writes a number as a DER integer. If the first bit is set, a zero byte before it keeps the number positive. */
function integer(bytes: Uint8Array): readonly number[] {
  let first = 0
  while (first < bytes.length - 1 && bytes[first] === 0) first++
  const digits = bytes.subarray(first)
  const sign = digits[0]! > 127 ? [0] : []
  return [INTEGER, sign.length + digits.length, ...sign, ...digits]
}
