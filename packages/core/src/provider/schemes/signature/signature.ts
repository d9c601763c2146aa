import type { Delivery } from '../../../delivery.ts'
import { toWebhookError } from '../../../errors.ts'
import { firstKeys } from '../../key-forms.ts'
import type { Covers, Scheme, SignableRequest } from '../../scheme.ts'
import { malformed, mismatch, singleHeader, singleParameter } from './header.ts'
import { type SignedMessage, messageTemplate } from './template.ts'
import {
  checkTimestamp,
  formatTimestamp,
  unitOf,
  parseTimestamp,
  toleranceOption,
  type TimestampUnit,
} from './timestamp.ts'
import { createDelivery } from '../../../receive/http-delivery.ts'

/** The unverified signatures of a delivery, and its signed time if the scheme has one. */
export interface SignatureClaim {
  readonly signatures: readonly string[]
  readonly timestamp?: string | undefined
}

/** An algorithm that verifies and signs messages. Signatures are strings, in the encoding of the algorithm. */
export interface SignatureAlgorithm<Key> {
  key(secret: string): Key
  /** Returns true if one of the candidates is the canonical signature of the message. Compares in constant time. */
  matches(key: Key, message: SignedMessage, candidates: readonly string[]): boolean
  sign?(key: Key, message: SignedMessage): string
  /**
   * Name of the algorithm and encoding of its signatures, as `['HMAC-SHA256', 'hex']`.
   * @default none
   */
  readonly words?: readonly [name: string, written: string]
}

type Message = string | ((delivery: Delivery, timestamp: string | undefined) => SignedMessage)

/** The place of the signature in a delivery, and the signed message. */
export interface SignatureOptions {
  /** The header with the signature, in any case. An empty string if `query` is set. */
  readonly header: string
  /** The query parameter with the signature, instead of the header. @default none */
  readonly query?: string | undefined
  /** Text before the signature, such as `sha256=`. @default '' */
  readonly prefix?: string
  /**
   * The signed message: a template such as `v0:{time}:{body}` (see `messageTemplate`), or a function. Give several
   * messages if the sender's page and its library contradict each other: each of them is accepted, and `sign` uses the
   * first. @default '{body}', or '{time}.{body}' if `timestampHeader` is set
   */
  readonly message?: Message | readonly Message[] | undefined
  /** The signed message in words, if `message` is a function. @default the template */
  readonly says?: string
  /**
   * Returns the URL that is part of the signed message, for the error message of a rejection.
   * @default no URL is signed
   */
  readonly url?: (delivery: Delivery) => string
  /** The header with the time of signing. */
  readonly timestampHeader?: string | undefined
  /** How the time of signing is written. @default 's' */
  readonly timestampUnit?: TimestampUnit | undefined
  /** Maximum difference of a signed time from now, in seconds. @default 300 */
  readonly tolerance?: number | undefined
  /** Maximum number of seconds that a signed time may be in the future. @default tolerance */
  readonly ahead?: number | undefined
  /**
   * The protected parts. @default the body's bytes unless a template lacks `{body}`, and the time if `timestampHeader`
   * is set
   */
  readonly covers?: Covers
  /**
   * Reads the signatures from another place: a header of another form, the query, the body. Throws `missing_header` or
   * `malformed_header`.
   */
  readonly read?: (delivery: Delivery) => SignatureClaim
  /**
   * Headers without which `read` or `message` rejects every delivery. @default none if `read` is set, else `header` and
   * `timestampHeader`
   */
  readonly needs?: readonly string[]
  /**
   * Returns true if URL or headers contain a signature. Deliveries without a signature are rejected before their body
   * is read. @default true if the header is present. If `read` is set without `needs`, `read` decides, after the body
   * was read
   */
  readonly present?: (head: Delivery) => boolean
  /** Returns the headers to send, in the form that `read` reads. */
  readonly write?: (signature: string, timestamp: string) => Readonly<Record<string, string>>
}

export function signatureScheme<Key>(
  algorithm: SignatureAlgorithm<Key>,
  options: SignatureOptions,
): Scheme<Key> {
  const header = options.header.toLowerCase()
  const stampHeader = options.timestampHeader?.toLowerCase()
  const prefix = options.prefix ?? ''
  const unit = options.timestampUnit ?? 's'
  const tolerance = toleranceOption(options.tolerance, 300)
  const ahead = toleranceOption(options.ahead, tolerance)
  const { query } = options
  const place = query === undefined ? { header } : { parameter: query }
  const read = options.read ?? readClaim
  const given = options.message ?? (stampHeader === undefined ? '{body}' : '{time}.{body}')
  const said = Array.isArray(given) ? (given as readonly Message[]) : [given as Message]
  const messages = said.map((one) => (typeof one === 'string' ? messageTemplate(one) : one))
  const templates = said.filter((one) => typeof one === 'string')
  const covers = options.covers ?? {
    body: templates.every((one) => one.includes('{body}')) ? ('bytes' as const) : ('none' as const),
    ...(stampHeader !== undefined && { timestamp: true }),
  }
  const says = options.says ?? (templates.length > 0 ? templates.join(' or ') : undefined)
  const [name, written] = algorithm.words ?? []
  const forms = [
    ...(prefix === '' ? [] : [`prefix ${prefix}`]),
    ...(templates.some((one) => one.includes('{lower:')) ? ['lower case'] : []),
  ]

  const headers = [...(query === undefined ? [header] : []), ...(stampHeader ? [stampHeader] : [])]
  const named = templates.flatMap((one) => [...one.matchAll(/\{(?:lower:)?header:([^{}]+)\}/g)])
  const needs = (options.needs ?? (options.read ? [] : headers)).map((name) => name.toLowerCase())
  const anywhere = options.read && needs.length === 0 && !options.present

  return {
    words:
      name !== undefined && says !== undefined
        ? `${name} of ${says}, ${written}${covers.body === 'none' ? '; the body is not signed' : ''}`
        : undefined,
    place: query === undefined ? { header: options.header } : { query },
    ...(covers.timestamp && { tolerance }),
    forms,
    covers,
    // In other schemes, Authorization contains a secret. Here it contains only this delivery's signature.
    ...(headers.includes('authorization') && {
      credentials: { headers: ['authorization'] },
      signatures: ['authorization'],
    }),
    needs,
    reads: [...headers, ...named.map(([, one]) => one!)],
    present:
      options.present ??
      (anywhere
        ? (delivery) => carries(options.read!, delivery)
        : (delivery) =>
            query === undefined
              ? delivery.header(header) !== undefined
              : delivery.query().has(query)),
    ...(anywhere && { anywhere }),
    key: (secret) => algorithm.key(secret),
    signedTime: (delivery) => read(delivery).timestamp,
    verify(delivery, keys, now) {
      const claim = read(delivery)
      const { timestamp: text, signatures } = claim
      const written = unit === 'any' ? unitOf(text) : unit
      const time =
        text === undefined || written === undefined
          ? undefined
          : parseTimestamp(text, stampHeader ?? header, written)
      for (const message of messages) {
        const signed = message(delivery, text)
        for (let at = 0; at < keys.length; at++) {
          if (!algorithm.matches(keys[at]!, signed, signatures)) continue
          if (time !== undefined) checkTimestamp(time, now, tolerance, ahead)
          return at
        }
      }
      throw mismatch(place, firstKeys(keys).length, {
        url: options.url?.(delivery),
        ...(covers.body !== 'none' && { delivery }),
      })
    },
    ...(algorithm.sign && {
      sign(request: SignableRequest, key: Key, now: number): SignableRequest {
        // If the request already has a time header with a date, this date is kept, and signed as it is written.
        const dated =
          (unit === 'iso' || unit === 'any') &&
          stampHeader !== undefined &&
          request.headers[stampHeader]
        const timestamp = dated || formatTimestamp(now, unit)
        const stamped =
          stampHeader === undefined
            ? request
            : { ...request, headers: { ...request.headers, [stampHeader]: timestamp } }
        const signature = algorithm.sign!(key, messages[0]!(createDelivery(stamped), timestamp))
        if (query !== undefined) {
          const url = new URL(stamped.url)
          url.searchParams.set(query, prefix + signature)
          return { ...stamped, url: url.href }
        }
        const lines = options.write?.(signature, timestamp) ?? { [header]: prefix + signature }
        return { ...stamped, headers: { ...stamped.headers, ...lines } }
      },
    }),
  }

  // Both headers are read before their form is checked. So a missing header is reported first, and a malformed header
  // only if no header is missing.
  function readClaim(delivery: Delivery): SignatureClaim {
    const value =
      query === undefined ? singleHeader(delivery, header) : singleParameter(delivery, query)
    const timestamp = stampHeader === undefined ? undefined : singleHeader(delivery, stampHeader)
    if (query !== undefined) return { signatures: [value], timestamp }
    if (!value.startsWith(prefix)) throw malformed({ header }, prefix, 'wrong_prefix')
    const signature = value.slice(prefix.length)
    if (signature === '' || /[\s,]/.test(signature))
      throw malformed(
        { header },
        `${prefix}<one signature>`,
        signature === '' ? 'malformed' : 'several',
      )
    return { signatures: [signature], timestamp }
  }
}

function carries(read: NonNullable<SignatureOptions['read']>, delivery: Delivery): boolean {
  try {
    read(delivery)
    return true
  } catch (error) {
    return toWebhookError(error).code !== 'missing_header'
  }
}
