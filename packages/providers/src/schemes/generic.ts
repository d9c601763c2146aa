import { WebhookError, type Delivery } from '@postern/core'
import {
  basic,
  hmac,
  pairs,
  singleHeader,
  token,
  type HashName,
  type HmacOptions,
  type KeyEncoding,
  type PairsOptions,
  type Scheme,
  type SignatureClaim,
  type SignatureEncoding,
  type TimestampUnit,
} from '@postern/core/scheme'

/** How an unknown sender signs. */
export interface GenericSchemeOptions {
  /** `hmac` and `header-token` need a `header`, `query-token` a `param`; or a scheme as a value. Needed unless `unauthenticated`. */
  readonly scheme?: 'hmac' | 'bearer' | 'basic' | 'header-token' | 'query-token' | Scheme
  /** The header that carries the signature or the token, in any case; `hmac`: several, one of which must match. */
  readonly header?: string | readonly string[]
  /** `hmac`: the hash. @default 'sha256' */
  readonly algorithm?: HashName
  /** `hmac`: how the signature is written; hex in either case. @default 'hex' */
  readonly encoding?: SignatureEncoding
  /** `hmac`: the prefix of the signature, such as `sha256=`. @default '' */
  readonly prefix?: string
  /** `hmac`: how the secret becomes the key; several, if the sender has changed it. @default 'utf8' */
  readonly keyEncoding?: KeyEncoding | readonly KeyEncoding[]
  /** `hmac`: the signed message, such as `v0:{time}:{body}`. @default '{body}', or '{time}.{body}' if a time is signed */
  readonly message?: string
  /** `hmac`: the header of a time that is signed. @default none, the body alone is signed */
  readonly timestampHeader?: string
  /** `hmac`: how that time is written: unix time in `s` or `ms`, or an `iso` date. @default 's' */
  readonly timestampUnit?: TimestampUnit
  /** `hmac`: seconds that time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
  /** `hmac`: reads time and signature out of one header, as `t=…,v1=…`. @default none, the header is the signature */
  readonly pairs?: Pick<PairsOptions, 'separator' | 'time' | 'signature'>
  /** `query-token`: the query parameter that carries the token. It reaches access logs: prefer a header. */
  readonly param?: string
}

const NAMES = 'hmac, bearer, basic, header-token, query-token'

/** The scheme of the options. Throws a `TypeError` that names the option that is missing or wrong. */
export function genericScheme(name: string, options: GenericSchemeOptions): Scheme {
  const { scheme } = options
  if (typeof scheme === 'object' && scheme !== null) return scheme
  switch (scheme) {
    case 'hmac':
      return hmac(hmacOptions(name, options)) as Scheme<unknown>
    case 'bearer':
      return token({
        header: oneHeader(name, { header: 'Authorization', ...options }),
        scheme: 'Bearer',
      }) as Scheme<unknown>
    case 'basic':
      return basic() as Scheme<unknown>
    case 'header-token':
      return token({ header: oneHeader(name, options) }) as Scheme<unknown>
    case 'query-token':
      if (!options.param)
        throw new TypeError(`${name}: param is missing; scheme query-token needs it`)
      return token({ query: options.param }) as Scheme<unknown>
    default:
      throw new TypeError(
        `${name}: scheme must be one of ${NAMES}, or a scheme as a value, got ${scheme as unknown as string}`,
      )
  }
}

function oneHeader(name: string, { header, scheme }: GenericSchemeOptions): string {
  if (typeof header === 'string' && header !== '') return header
  throw new TypeError(`${name}: header is missing; scheme ${scheme as string} needs it`)
}

const CHOICES = {
  algorithm: ['sha1', 'sha256', 'sha384', 'sha512'],
  encoding: ['hex', 'base64', 'base64url'],
  keyEncoding: ['utf8', 'hex', 'base64'],
  timestampUnit: ['s', 'ms', 'iso'],
} as const

function hmacOptions(name: string, options: GenericSchemeOptions): HmacOptions {
  // Options come from configuration files too, which no compiler checks.
  for (const [option, allowed] of Object.entries(CHOICES)) {
    const value = options[option as keyof typeof CHOICES]
    if (value === undefined) continue
    const list: readonly string[] = option === 'keyEncoding' ? [value].flat() : [value as string]
    const wrong =
      list.length === 0 ? '' : list.find((one) => !(allowed as readonly string[]).includes(one))
    if (wrong !== undefined)
      throw new TypeError(`${name}: ${option} must be one of ${allowed.join(', ')}, got ${wrong}`)
  }
  const headers = [options.header ?? []].flat()
  const [header] = headers
  if (!header) throw new TypeError(`${name}: header is missing; scheme hmac needs it`)
  const { algorithm, encoding, keyEncoding, timestampHeader, timestampUnit, tolerance } = options
  const shared = {
    algorithm,
    encoding,
    keyEncoding,
    timestampUnit,
    tolerance,
    anyCase: (encoding ?? 'hex') === 'hex',
    ...(options.message !== undefined && { message: options.message }),
  }
  if (options.pairs) return { ...pairs({ ...options.pairs, header, most: MOST }), ...shared }
  return {
    header,
    prefix: options.prefix ?? '',
    timestampHeader,
    ...shared,
    ...(headers.length > 1 && {
      read: (delivery) => readAny(delivery, headers, options),
      present: (head) => headers.some((header) => head.header(header) !== undefined),
      ...(timestampHeader !== undefined && { covers: { body: 'bytes', timestamp: true } }),
    }),
  }
}

const MOST = 20

/** The signatures of several headers, such as that of an old and that of a new key. */
function readAny(
  delivery: Delivery,
  headers: readonly string[],
  { prefix = '', timestampHeader }: GenericSchemeOptions,
): SignatureClaim {
  const signatures = headers
    .filter((header) => delivery.header(header) !== undefined)
    .map((header) => {
      const value = singleHeader(delivery, header)
      const signature = value.slice(prefix.length)
      if (!value.startsWith(prefix) || /[\s,]/.test(signature))
        throw new WebhookError('malformed_header', {
          problem: value.startsWith(prefix) ? 'several' : 'wrong_prefix',
          header,
          expected: prefix === '' ? 'one signature' : prefix,
        })
      return signature
    })
  if (signatures.length === 0)
    throw new WebhookError('missing_header', {
      problem: 'missing',
      header: headers[0]!,
      expected: `one of ${headers.join(', ')}`,
    })
  if (timestampHeader === undefined) return { signatures }
  return { signatures, timestamp: singleHeader(delivery, timestampHeader) }
}
