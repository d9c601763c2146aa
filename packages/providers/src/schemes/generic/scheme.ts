import { basic, hmac, standardWebhooksScheme, token, type Scheme } from '@postern/core/scheme'
import { hmacOptions } from './hmac.ts'
import type { GenericSchemeOptions } from './scheme-options.ts'

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

function hmacOf(name: string, options: GenericSchemeOptions): Scheme {
  const scheme = hmac(hmacOptions(name, options)) as Scheme<unknown>
  const headers = [options.header ?? []].flat().map((header) => header.toLowerCase())
  const named = [
    ...[options.message ?? '']
      .flat()
      .join()
      .matchAll(/\{(?:lower:)?header:([^{}]+)\}/g),
  ]
  return {
    ...scheme,
    reads: [...(scheme.reads as readonly string[]), ...headers, ...named.map(([, one]) => one!)],
    // Elsewhere it would be a secret: here it is the signature of this body alone.
    ...(headers.includes('authorization') && {
      credentials: { headers: ['authorization'] },
      signatures: ['authorization'],
    }),
  }
}

function oneHeader(name: string, { header, scheme }: GenericSchemeOptions): string {
  if (typeof header === 'string' && header !== '') return header
  throw new TypeError(`${name}: header is missing; scheme ${scheme as string} needs it`)
}
