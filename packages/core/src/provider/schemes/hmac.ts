import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'
import { fromBase64, fromHex, toBuffer } from '../../body/bytes.ts'
import { keyForms } from '../key-forms.ts'
import type { Scheme } from '../scheme.ts'
import {
  type HashName,
  type SignatureEncoding,
  messageParts,
  type SignedMessage,
} from './signature/template.ts'
import {
  signatureScheme,
  type SignatureAlgorithm,
  type SignatureOptions,
} from './signature/signature.ts'
import { pairs, readSeveral, type PairsOptions } from './pairs.ts'

/** How the secret becomes the key: used as text (`utf8`), or decoded. */
export type KeyEncoding = 'utf8' | 'hex' | 'base64'

/** Options of {@link hmac}. */
export interface HmacOptions extends Omit<SignatureOptions, 'header'> {
  /**
   * The header with the signature, in any case. If several headers are given, the signature of one header must match.
   * Omit this option if `query` is set.
   */
  readonly header?: string | readonly string[]
  /**
   * Set if one header contains both the time and the signature, as `t=…,v1=…`. @default none, so the header is the
   * signature
   */
  readonly pairs?: Omit<PairsOptions, 'header' | 'message'> | undefined
  /**
   * Separator between several signatures in one header. One signature must match.
   * @default none, so the header has one signature
   */
  readonly several?: ',' | ' ' | undefined
  /** Hash function of the HMAC. @default 'sha256' */
  readonly algorithm?: HashName | undefined
  /** Encoding of the signature. @default 'hex' */
  readonly encoding?: SignatureEncoding | undefined
  /**
   * Every way in which the sender has ever made a key from a secret. Deliveries are signed with the first way. @default
   * 'utf8'
   */
  readonly keyEncoding?: KeyEncoding | readonly KeyEncoding[] | undefined
  /** Accepts hex digits in upper case too. @default false */
  readonly anyCase?: boolean | undefined
}

/**
 * Creates a scheme for HMAC signatures (RFC 2104) over a message, by default the exact body bytes. Signatures are
 * compared as strings in constant time, so a truncated signature, another alphabet or extra characters never match.
 *
 * @example hmac({ header: 'X-Hub-Signature-256', prefix: 'sha256=' })
 */
export function hmac(options: HmacOptions): Scheme<Uint8Array> {
  const { algorithm = 'sha256', encoding = 'hex', keyEncoding } = options
  const ways = [keyEncoding ?? 'utf8'].flat()
  const key = keyEncoding === undefined ? '' : `, key in ${ways.join(' or ')}`
  const scheme = signatureScheme(
    {
      ...hmacAlgorithm({ ...options, keyEncoding: ways[0] }),
      words: [`HMAC-${algorithm.toUpperCase()}`, `${encoding}${key}`],
    },
    signatureOptions(options),
  )
  const forms = [
    ...scheme.forms!,
    ...ways.filter((way) => way !== 'utf8').map((way) => `key in ${way}`),
    ...(options.several || Array.isArray(options.header) ? ['several signatures'] : []),
    ...(options.pairs?.groups ? ['groups of signatures'] : []),
  ]
  const headers = [options.header ?? []].flat().map((header) => header.toLowerCase())
  const told = { ...scheme, forms, reads: [...(scheme.reads as readonly string[]), ...headers] }
  if (ways.length < 2) return told
  return { ...told, ...keyForms(ways.map((way) => (secret) => decodeKey(secret, way))) }
}

/** Returns where the signature is: alone in a header, in a list, or in pairs such as `t=…,v1=…`. */
function signatureOptions(options: HmacOptions): SignatureOptions {
  const { header, pairs: names, several, message, ...rest } = options
  const headers = [header ?? []].flat()
  const alone = {
    ...rest,
    header: headers[0] ?? '',
    ...(message !== undefined && { message }),
  }
  if (names) {
    const { covers, ...grammar } = pairs({ ...names, header: alone.header })
    const templates = [message ?? []].flat()
    const isBody = templates.every((one) => typeof one !== 'string' || one.includes('{body}'))
    return { ...grammar, covers: isBody ? covers! : { body: 'none', timestamp: true }, ...alone }
  }
  if (headers.length < 2 && several === undefined) return alone
  return {
    ...alone,
    read: (delivery) => readSeveral(delivery, headers, options),
    present: (head) => headers.some((one) => head.header(one) !== undefined),
  }
}

/** Returns the algorithm of {@link hmac}, for a scheme that reads the signature with its own code. */
export function hmacAlgorithm(
  options: Pick<HmacOptions, 'algorithm' | 'encoding' | 'anyCase'> & {
    readonly keyEncoding?: KeyEncoding | undefined
  } = {},
): SignatureAlgorithm<Uint8Array> {
  const { algorithm = 'sha256', encoding = 'hex', keyEncoding = 'utf8', anyCase = false } = options
  const folds = anyCase && encoding === 'hex'
  return {
    key: (secret) => decodeKey(secret, keyEncoding),
    matches(key, message, candidates) {
      watchers?.get(key)?.({ algorithm, encoding, message, candidates })
      const expected = toBuffer(hmacDigest(algorithm, encoding, key, message))
      let found = false
      for (const candidate of candidates) {
        const given = toBuffer(folds ? candidate.toLowerCase() : candidate)
        // The loop does not end early: its time must not reveal which candidate matched.
        if (given.length === expected.length && timingSafeEqual(given, expected)) found = true
      }
      return found
    },
    sign: (key, message) => hmacDigest(algorithm, encoding, key, message),
  }
}

export function hmacDigest(
  algorithm: HashName,
  encoding: SignatureEncoding,
  key: Uint8Array,
  message: SignedMessage,
): string {
  const mac = createHmac(algorithm, keyObject(key))
  if (typeof message === 'string' || message instanceof Uint8Array) mac.update(message)
  else for (const part of messageParts(message)) mac.update(part)
  return mac.digest(encoding)
}

// KeyObjects are cached: Node 24.21 needs 8 µs for an HMAC over 1 KB if the key is bytes, and 1.6 µs if it is a
// KeyObject.
const keyObjects = new WeakMap<Uint8Array, KeyObject>()

function keyObject(key: Uint8Array): KeyObject {
  let known = keyObjects.get(key)
  if (!known) keyObjects.set(key, (known = createSecretKey(key)))
  return known
}

function decodeKey(secret: string, encoding: KeyEncoding): Uint8Array {
  if (encoding === 'utf8') return toBuffer(secret)
  const bytes = encoding === 'hex' ? fromHex(secret) : fromBase64(secret)
  if (!bytes || bytes.length === 0)
    throw new TypeError(
      `the secret must be ${encoding === 'hex' ? 'an even number of hex digits' : 'padded base64'}`,
    )
  return bytes
}

/** The inputs of one HMAC comparison, including the signatures, for tools that explain why none matched. */
export interface Compared {
  readonly algorithm: HashName
  readonly encoding: SignatureEncoding
  readonly message: SignedMessage
  readonly candidates: readonly string[]
}

// Functions to call at each comparison, by key. Undefined until a tool calls `watch`, so that receivers lose no time.
let watchers: WeakMap<Uint8Array, (seen: Compared) => void> | undefined

export function watch(key: Uint8Array, report: (seen: Compared) => void): void {
  watchers ??= new WeakMap()
  watchers.set(key, report)
}
