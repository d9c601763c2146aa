import {
  basic,
  hmac,
  token,
  type HashName,
  type KeyEncoding,
  type Scheme,
  type SignatureEncoding,
  type TimestampUnit,
} from '@postern/core/scheme'

/** How an unknown sender signs. */
export interface GenericSchemeOptions<Key = unknown> {
  /** `hmac` and `header-token` need a `header`, `query-token` a `param`; or a scheme as a value. Needed unless `unauthenticated`. */
  readonly scheme?: 'hmac' | 'bearer' | 'basic' | 'header-token' | 'query-token' | Scheme<Key>
  /** The header that carries the signature or the token, in any case. */
  readonly header?: string
  /** `hmac`: the hash. @default 'sha256' */
  readonly algorithm?: HashName
  /** `hmac`: how the signature is written; hex in either case. @default 'hex' */
  readonly encoding?: SignatureEncoding
  /** `hmac`: what stands before the signature, such as `sha256=`. @default '' */
  readonly prefix?: string
  /** `hmac`: how the secret becomes the key. @default 'utf8' */
  readonly keyEncoding?: KeyEncoding
  /** `hmac`: the header of a time that is signed as `<time>.<body>`. @default none, the body alone is signed */
  readonly timestampHeader?: string
  /** `hmac`: unit of that time. @default 's' */
  readonly timestampUnit?: TimestampUnit
  /** `hmac`: seconds that time may be away from now, in the past and in the future. @default 300 */
  readonly tolerance?: number
  /** `query-token`: the query parameter that carries the token. It reaches access logs: prefer a header. */
  readonly param?: string
}

const NAMES = 'hmac, bearer, basic, header-token, query-token'

/** The scheme of the options. Throws a `TypeError` that names the option that is missing or wrong. */
export function genericScheme<Key>(name: string, options: GenericSchemeOptions<Key>): Scheme<Key> {
  if (typeof options.scheme === 'object') return options.scheme
  return named(name, options.scheme, options) as Scheme<unknown> as Scheme<Key>
}

function named<Key>(
  name: string,
  scheme: string | undefined,
  options: GenericSchemeOptions<Key>,
): Scheme<string> | Scheme<Uint8Array> {
  const need = (option: 'header' | 'param'): string => {
    const value = options[option]
    if (!value) throw new TypeError(`${name}: ${option} is missing; scheme ${scheme} needs it`)
    return value
  }
  switch (scheme) {
    case 'hmac':
      checkHmac(name, options)
      return hmac({
        header: need('header'),
        algorithm: options.algorithm,
        encoding: options.encoding,
        prefix: options.prefix ?? '',
        keyEncoding: options.keyEncoding,
        timestampHeader: options.timestampHeader,
        timestampUnit: options.timestampUnit,
        tolerance: options.tolerance,
        anyCase: (options.encoding ?? 'hex') === 'hex',
      })
    case 'bearer':
      return token({ header: options.header ?? 'Authorization', scheme: 'Bearer' })
    case 'basic':
      return basic()
    case 'header-token':
      return token({ header: need('header') })
    case 'query-token':
      return token({ query: need('param') })
    default:
      throw new TypeError(
        `${name}: scheme must be one of ${NAMES}, or a scheme as a value, got ${scheme}`,
      )
  }
}

const CHOICES = {
  algorithm: ['sha1', 'sha256', 'sha384', 'sha512'],
  encoding: ['hex', 'base64', 'base64url'],
  keyEncoding: ['utf8', 'hex', 'base64'],
  timestampUnit: ['s', 'ms'],
} as const

// Options come from configuration files too, where no compiler looks at them.
function checkHmac<Key>(name: string, options: GenericSchemeOptions<Key>): void {
  for (const [option, allowed] of Object.entries(CHOICES)) {
    const value = options[option as keyof typeof CHOICES]
    if (value !== undefined && !(allowed as readonly string[]).includes(value))
      throw new TypeError(`${name}: ${option} must be one of ${allowed.join(', ')}, got ${value}`)
  }
}
