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

export interface GenericSchemeOptions {
  /**
   * How the sender signs: a name, or a scheme as a value. `hmac` and `header-token` need `header`, `query-token` needs
   * `param`, `field-token` needs `field`. Required unless `unauthenticated` is true.
   */
  readonly scheme?:
    | 'hmac'
    | 'bearer'
    | 'basic'
    | 'header-token'
    | 'query-token'
    | 'field-token'
    | 'standard-webhooks'
    | Scheme
  /**
   * Name of the header with the signature or the token. For `hmac`, you can name several headers, of which one must
   * match.
   */
  readonly header?: string | readonly string[]
  /** `hmac`: the hash. @default 'sha256' */
  readonly algorithm?: HashName
  /** `hmac`: the encoding of the signature. Hex digits may have either case. @default 'hex' */
  readonly encoding?: SignatureEncoding
  /** `hmac`: the prefix of the signature, such as `sha256=`. @default '' */
  readonly prefix?: string
  /** `hmac`: the encoding of the secret, or several if the sender has changed its encoding. @default 'utf8' */
  readonly keyEncoding?: KeyEncoding | readonly KeyEncoding[]
  /**
   * `hmac`: the signed message, such as `v0:{time}:{body}`. If the sender's pages contradict each other, give several
   * messages, of which one must match. @default '{body}', or '{time}.{body}' if a time is signed
   */
  readonly message?: string | readonly string[]
  /** `hmac`: name of the header with the signed time. @default none, so only the body is signed */
  readonly timestampHeader?: string
  /** `hmac`: the format of the signed time: Unix time in `s` or `ms`, an `iso` date, or `any` of these. @default 's' */
  readonly timestampUnit?: TimestampUnit
  /** `hmac`: maximum difference between the signed time and now, in seconds, in either direction. @default 300 */
  readonly tolerance?: number
  /**
   * `hmac`: names of time and signature in one header, as in `t=…,v1=…`. @default none, so the header's whole value is
   * the signature
   */
  readonly pairs?: Pick<PairsOptions, 'separator' | 'groups' | 'time' | 'signature'>
  /**
   * `hmac`: separator of several signatures in one header, of which one must match. @default none, so the header has
   * one signature
   */
  readonly several?: ',' | ' '
  /**
   * `query-token`: name of the query parameter with the token. Access logs show tokens in URLs, so prefer a header.
   * `hmac`: name of the query parameter with the signature, if no header has it.
   */
  readonly param?: string
  /** `field-token`: member of the JSON body with the token, as a path with dots. */
  readonly field?: string
  /**
   * `standard-webhooks`: names of the headers with id, time and signatures.
   * @default `webhook-id`, `webhook-timestamp`, `webhook-signature`
   */
  readonly headers?: StandardWebhooksHeaders
}

const NAMES = 'hmac, bearer, basic, header-token, query-token, field-token, standard-webhooks'

/** Creates the scheme that the options describe. Throws a `TypeError` that names a missing or wrong option. */
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

// Options may come from a configuration file, which no compiler checks, so their values are checked here.
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
  const { header = [], param, encoding = 'hex' } = options
  const isHeader = [header].flat().length > 0
  if (!isHeader && !param) throw new TypeError(`${name}: header is missing; scheme hmac needs it`)
  return hmac({
    ...(isHeader ? { header } : { query: param }),
    ...givenOf(options, HMAC),
    anyCase: encoding === 'hex',
  }) as Scheme<unknown>
}

const HMAC = [
  'algorithm',
  'encoding',
  'prefix',
  'keyEncoding',
  'message',
  'timestampHeader',
  'timestampUnit',
  'tolerance',
  'pairs',
  'several',
] as const

export function givenOf<Options extends object, Name extends keyof Options>(
  options: Options,
  names: readonly Name[],
): { readonly [Key in Name]?: Exclude<Options[Key], undefined> } {
  const given = names.filter((name) => options[name] !== undefined)
  return Object.fromEntries(given.map((name) => [name, options[name]])) as {
    [Key in Name]: Exclude<Options[Key], undefined>
  }
}

function oneHeader(name: string, { header, scheme }: GenericSchemeOptions): string {
  if (typeof header === 'string' && header !== '') return header
  throw new TypeError(`${name}: header is missing; scheme ${scheme as string} needs it`)
}
