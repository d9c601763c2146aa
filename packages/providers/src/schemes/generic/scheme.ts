import {
  basic,
  hmac,
  standardWebhooksScheme,
  token,
  type Scheme,
  type KeyEncoding,
  type PairsOptions,
} from '@postern/core/scheme'
import type {
  HashName,
  SignatureEncoding,
  StandardWebhooksHeaders,
  TimestampUnit,
} from '@postern/core/internal'

/** How an unknown sender signs. */
export interface GenericSchemeOptions {
  /** `hmac` and `header-token` need a `header`, `query-token` a `param`, `field-token` a `field`; or a scheme as a value. Needed unless `unauthenticated`. */
  readonly scheme?:
    | 'hmac'
    | 'bearer'
    | 'basic'
    | 'header-token'
    | 'query-token'
    | 'field-token'
    | 'standard-webhooks'
    | Scheme
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
  /** `hmac`: the signed message, such as `v0:{time}:{body}`; several if the sender's pages contradict each other, of which each counts. @default '{body}', or '{time}.{body}' if a time is signed */
  readonly message?: string | readonly string[]
  /** `hmac`: the header of a time that is signed. @default none, the body alone is signed */
  readonly timestampHeader?: string
  /** `hmac`: how that time is written: unix time in `s` or `ms`, an `iso` date, or in `any` of these ways. @default 's' */
  readonly timestampUnit?: TimestampUnit
  /** `hmac`: seconds that time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
  /** `hmac`: reads time and signature out of one header, as `t=…,v1=…`. @default none, the header is the signature */
  readonly pairs?: Pick<PairsOptions, 'separator' | 'groups' | 'time' | 'signature'>
  /** `hmac`: separator of several signatures in one header, one of which must match. @default none, there is one */
  readonly several?: ',' | ' '
  /** `query-token`: the query parameter that carries the token. It reaches access logs: prefer a header. `hmac`: the one that carries the signature, in place of a header. */
  readonly param?: string
  /** `field-token`: the member of the JSON body that is the token; dots lead into objects. */
  readonly field?: string
  /** `standard-webhooks`: names of the headers with id, time and signatures. @default `webhook-id`, `webhook-timestamp`, `webhook-signature` */
  readonly headers?: StandardWebhooksHeaders
}

const NAMES = 'hmac, bearer, basic, header-token, query-token, field-token, standard-webhooks'

/** The scheme of the options. Throws a `TypeError` that names the option that is missing or wrong. */
export function genericScheme(name: string, options: GenericSchemeOptions): Scheme {
  const { scheme } = options
  if (typeof scheme === 'object' && scheme !== null) return scheme
  switch (scheme) {
    case 'hmac':
      return hmacOf(name, options)
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
    case 'field-token':
      if (!options.field)
        throw new TypeError(`${name}: field is missing; scheme field-token needs it`)
      return token({ field: options.field }) as Scheme<unknown>
    case 'standard-webhooks':
      return standardWebhooksScheme(options) as Scheme<unknown>
    default:
      throw new TypeError(
        `${name}: scheme must be one of ${NAMES}, or a scheme as a value, got ${scheme as unknown as string}`,
      )
  }
}

// Options come from configuration files too, which no compiler checks.
const CHOICES = {
  algorithm: ['sha1', 'sha256', 'sha384', 'sha512'],
  encoding: ['hex', 'base64', 'base64url'],
  keyEncoding: ['utf8', 'hex', 'base64'],
  timestampUnit: ['s', 'ms', 'iso', 'any'],
} as const

function hmacOf(name: string, options: GenericSchemeOptions): Scheme {
  for (const [option, allowed] of Object.entries(CHOICES)) {
    const values: readonly unknown[] = [options[option as keyof typeof CHOICES] ?? []].flat()
    const wrong = values.find((one) => !(allowed as readonly unknown[]).includes(one))
    if (
      wrong !== undefined ||
      (values.length === 0 && options[option as 'algorithm'] !== undefined)
    )
      throw new TypeError(
        `${name}: ${option} must be one of ${allowed.join(', ')}, got ${JSON.stringify(wrong ?? [])}`,
      )
  }
  const { header = [], param, scheme: _hmac, field: _field, headers: _headers, ...rest } = options
  if ([header].flat().length === 0 && !param)
    throw new TypeError(`${name}: header is missing; scheme hmac needs it`)
  const place = [header].flat().length > 0 ? { header } : { query: param }
  const { algorithm, encoding, keyEncoding, message, prefix } = rest
  return hmac({
    ...place,
    algorithm,
    encoding,
    keyEncoding,
    ...(prefix !== undefined && { prefix }),
    ...(message !== undefined && { message }),
    pairs: rest.pairs,
    several: rest.several,
    timestampHeader: rest.timestampHeader,
    timestampUnit: rest.timestampUnit,
    tolerance: rest.tolerance,
    anyCase: (encoding ?? 'hex') === 'hex',
  }) as Scheme<unknown>
}

function oneHeader(name: string, { header, scheme }: GenericSchemeOptions): string {
  if (typeof header === 'string' && header !== '') return header
  throw new TypeError(`${name}: header is missing; scheme ${scheme as string} needs it`)
}
