import { utf8, fromBase64, toBuffer } from '../../body/bytes.ts'
import { WebhookError } from '../../errors.ts'
import type { Delivery } from '../../delivery.ts'
import { firstKeys, keyForms } from '../key-forms.ts'
import type { Scheme, SignableRequest } from '../scheme.ts'
import {
  ed25519Algorithm,
  ed25519PrivateKey,
  ed25519PublicKey,
  type Ed25519Key,
} from './ed25519.ts'
import { malformed, mismatch, singleHeader } from './signature/header.ts'
import { hmacAlgorithm } from './hmac.ts'
import type { SignedMessage } from './signature/template.ts'
import {
  checkTimestamp,
  formatTimestamp,
  parseTimestamp,
  toleranceOption,
} from './signature/timestamp.ts'

/** Names of the headers with the id, the time and the signatures, in any case. */
export interface StandardWebhooksHeaders {
  readonly id: string
  readonly timestamp: string
  readonly signature: string
}

/** Options of {@link standardWebhooksScheme}. */
export interface StandardWebhooksSchemeOptions {
  /**
   * Prefixes of the three header names. The first prefix whose id header is present is used for all three headers.
   * @default ['webhook-']
   */
  readonly prefixes?: readonly string[] | undefined
  /** Names of the three headers if they do not share a prefix; replaces `prefixes`. */
  readonly headers?: StandardWebhooksHeaders | undefined
  /** Maximum difference of a signed time from now, in seconds. @default 300 */
  readonly tolerance?: number | undefined
  /**
   * Every way in which the sender has ever made keys from secrets. Deliveries are signed with the first way. @default
   * ['decoded']
   */
  readonly keys?: readonly KeyForm[] | undefined
  /**
   * Converts the sender's own form of a list of signatures to the form of the specification.
   * @default unchanged
   */
  readonly list?: ((signatures: string) => string) | undefined
}

const MAX_SIGNATURES = 20
// Maximum number of Ed25519 verifications per delivery, since each one hashes the complete body. A key rotation needs
// four: two keys with two signatures.
const MAX_V1A = 8
// `id.time.body` is ambiguous if the id ends with a time or the body starts with a time. Such deliveries are rejected.
const CUT_ID = /\.\d{10,11}$/
const CUT_BODY = /^\d{10,11}\./
const V1 = /* @__PURE__ */ hmacAlgorithm({ encoding: 'base64' })
const V1A = /* @__PURE__ */ ed25519Algorithm('base64')

/**
 * Creates the scheme of Standard Webhooks 1.0.0, which signs `id.timestamp.body`. Signatures are `v1` (HMAC-SHA256,
 * secret `whsec_<base64>`) or `v1a` (Ed25519, public key `whpk_<base64>`, private key for signing `whsk_<base64>`).
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardWebhooksScheme(
  options: StandardWebhooksSchemeOptions = {},
): Scheme<StandardWebhooksKey> {
  const sets = headerSets(options.headers ?? options.prefixes)
  const tolerance = toleranceOption(options.tolerance, 300)
  const [name] = options.headers ? [options.headers.signature] : sets.map((one) => one.signature)
  return {
    words: 'HMAC-SHA256 of {id}.{time}.{body}, base64',
    place: { header: name! },
    tolerance,
    forms: [
      ...(options.keys ?? []).filter((form) => form !== 'decoded').map((form) => `key ${form}`),
      ...(options.list ? ['list of signatures'] : []),
    ],
    covers: { body: 'bytes', id: true, timestamp: true },
    // Headers of Svix are read too: if only these headers are present, the rejection says so.
    reads: [...sets, ...headerSets(['svix-'])].flatMap(({ id, timestamp, signature }) => [
      id,
      timestamp,
      signature,
    ]),
    present: (delivery) => sets.some(({ signature }) => delivery.header(signature) !== undefined),
    ...keyForms((options.keys ?? ['decoded']).map((form) => FORMS[form])),
    verify(delivery, keys, now) {
      const names = headerSet(delivery, sets)
      const id = messageId(delivery, names.id)
      const timestamp = singleHeader(delivery, names.timestamp)
      const header = names.signature
      const list = singleHeader(delivery, header)
      const signatures = parseSignatures(options.list?.(list) ?? list, header)
      if (CUT_ID.test(id) || CUT_BODY.test(startOf(delivery.body)))
        throw new WebhookError('malformed_header', { problem: 'ambiguous', header: names.id })
      const slow = keys.filter(({ version }) => version === 'v1a').length * signatures.v1a.length
      if (slow > MAX_V1A) throw tooMany(header, Math.floor(MAX_V1A / keys.length), 'v1a signatures')
      const time = parseTimestamp(timestamp, names.timestamp)
      const message: SignedMessage = [`${id}.${timestamp}.`, delivery.body]
      for (let at = 0; at < keys.length; at++) {
        const key = keys[at]!
        const candidates = signatures[key.version]
        if (candidates.length === 0) continue
        if (
          !(key.version === 'v1'
            ? V1.matches(key.key, message, candidates)
            : V1A.matches(key.key, message, candidates))
        )
          continue
        checkTimestamp(time, now, tolerance)
        return at
      }
      throw mismatch({ header }, firstKeys(keys).length, { delivery })
    },
    sign: (request, key, now) => signed(request, [key], now),
    signAll(request, keys, now) {
      // Leaves out public keys, which can only verify.
      const able = keys.filter(({ version, key }) => version === 'v1' || 'privateKey' in key)
      return signed(request, able.length === 0 ? keys : able, now)
    },
  }

  function signed(
    request: SignableRequest,
    keys: readonly StandardWebhooksKey[],
    now: number,
  ): SignableRequest {
    const names = sets[0]!
    const timestamp = formatTimestamp(now)
    const id = request.headers[names.id]
    if (!id) throw new TypeError(`signing needs the id of the message in the header ${names.id}`)
    const message: SignedMessage = [`${id}.${timestamp}.`, request.body]
    const signatures = keys.map((key) =>
      key.version === 'v1'
        ? `v1,${V1.sign!(key.key, message)}`
        : `v1a,${V1A.sign!(key.key, message)}`,
    )
    return {
      ...request,
      headers: {
        ...request.headers,
        [names.timestamp]: timestamp,
        [names.signature]: signatures.join(' '),
      },
    }
  }
}

/** Returns the signed id, which is the same for all attempts. */
export function standardWebhooksId(
  delivery: Delivery,
  names?: readonly string[] | StandardWebhooksHeaders,
): string | undefined {
  return delivery.header(headerSet(delivery, headerSets(names)).id)
}

/** Returns sets of three header names in lower case: one set per prefix, or the given set. */
function headerSets(
  names: readonly string[] | StandardWebhooksHeaders = ['webhook-'],
): readonly StandardWebhooksHeaders[] {
  if ('id' in names)
    return [
      {
        id: names.id.toLowerCase(),
        timestamp: names.timestamp.toLowerCase(),
        signature: names.signature.toLowerCase(),
      },
    ]
  return names.map((prefix) => ({
    id: `${prefix}id`,
    timestamp: `${prefix}timestamp`,
    signature: `${prefix}signature`,
  }))
}

function headerSet(
  delivery: Delivery,
  sets: readonly StandardWebhooksHeaders[],
): StandardWebhooksHeaders {
  return sets.find(({ id }) => delivery.header(id) !== undefined) ?? sets[0]!
}

// Svix signs in the same way with other header names, so choosing the wrong provider is a common mistake.
function messageId(delivery: Delivery, header: string): string {
  if (delivery.header(header) === undefined && delivery.header('svix-id') !== undefined)
    throw new WebhookError('missing_header', {
      problem: 'other_sender',
      header,
      got: 'svix-id',
      remedy: 'use svix({ secret })',
    })
  return singleHeader(delivery, header)
}

function startOf(body: Uint8Array): string {
  return utf8(body.subarray(0, 12))
}

function parseSignatures(value: string, header: string): { v1: string[]; v1a: string[] } {
  const found = { v1: [] as string[], v1a: [] as string[] }
  for (const part of value.split(' ')) {
    const comma = part.indexOf(',')
    // A second comma is invalid: either the signatures are joined by commas, or the web framework joined two headers.
    if (part.indexOf(',', comma + 1) > comma)
      throw malformed(
        { header },
        'v1,<base64> or v1a,<base64>, with spaces between them',
        'several',
      )
    const version = part.slice(0, comma)
    if (comma > 0 && comma < part.length - 1 && (version === 'v1' || version === 'v1a'))
      found[version].push(part.slice(comma + 1))
  }
  // A sender signs once per key in a rotation. Each further signature would cost one verification.
  if (found.v1.length + found.v1a.length > MAX_SIGNATURES)
    throw tooMany(header, MAX_SIGNATURES, 'signatures')
  if (found.v1.length + found.v1a.length === 0)
    throw malformed({ header }, 'a list of v1,<base64> or v1a,<base64>')
  return found
}

function tooMany(header: string, limit: number, expected: string): WebhookError {
  return new WebhookError('malformed_header', { problem: 'too_many', header, limit, expected })
}

/** How a secret becomes a key: used as text, or decoded as the specification says. */
export type KeyForm = 'text' | 'decoded'

/** A key: HMAC bytes for `v1`, or an Ed25519 key for `v1a`. */
export type StandardWebhooksKey =
  | { readonly version: 'v1'; readonly key: Uint8Array }
  | { readonly version: 'v1a'; readonly key: Ed25519Key }

const FORMS: Readonly<Record<KeyForm, (secret: string) => StandardWebhooksKey>> = {
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
