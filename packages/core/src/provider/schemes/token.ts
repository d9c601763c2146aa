import { safeEqual } from '../safe-equal.ts'
import type { Delivery } from '../../delivery.ts'
import { WebhookError } from '../../errors.ts'
import type { Scheme } from '../scheme.ts'
import { mismatch, singleHeader } from './signature/header.ts'

/** Where {@link token} finds the token. */
export type TokenOptions =
  | {
      /** The header that carries the token. */
      readonly header: string
      /** An authentication scheme before the token, in any case: `Bearer`. */
      readonly scheme?: string
    }
  | {
      /** The query parameter that carries the token. It reaches access logs: prefer a header. */
      readonly query: string
    }

/**
 * A shared token in a header (`Authorization: Bearer …`, RFC 6750) or a query parameter, compared whole and in constant
 * time. It proves nothing about the body: that is only as safe as TLS. Tokens are stripped before store and log.
 */
export function token(options: TokenOptions): Scheme<string> {
  const name = 'query' in options ? options.query : options.header.toLowerCase()
  return {
    covers: { body: 'none' },
    credentials: 'query' in options ? { query: [name] } : { headers: [name] },
    ...(!('query' in options) && { needs: [name] }),
    head: true,
    present: (delivery) =>
      'query' in options ? delivery.query().has(name) : delivery.header(name) !== undefined,
    key: (secret) => secret,
    verify(delivery, keys) {
      const given =
        'query' in options
          ? queryToken(delivery, name)
          : headerToken(delivery, name, options.scheme)
      let found = -1
      keys.forEach((key, at) => {
        if (safeEqual(key, given) && found < 0) found = at
      })
      if (found < 0)
        throw mismatch('query' in options ? { parameter: name } : { header: name }, keys.length)
      return found
    },
    sign(request, key) {
      if (!('query' in options)) {
        return {
          ...request,
          headers: {
            ...request.headers,
            [name]: options.scheme === undefined ? key : `${options.scheme} ${key}`,
          },
        }
      }
      const url = new URL(request.url)
      url.searchParams.set(name, key)
      return { ...request, url: url.href }
    },
  }
}

function headerToken(delivery: Delivery, name: string, scheme: string | undefined): string {
  const value = singleHeader(delivery, name)
  if (scheme === undefined) return value
  const space = value.indexOf(' ')
  if (space < 0 || value.slice(0, space).toLowerCase() !== scheme.toLowerCase())
    throw new WebhookError('malformed_header', {
      problem: 'wrong_prefix',
      header: name,
      expected: scheme,
    })
  const given = value.slice(space + 1).trim()
  if (given === '' || /[\s,]/.test(given))
    throw new WebhookError('malformed_header', {
      problem: given === '' ? 'malformed' : 'several',
      header: name,
      expected: `${scheme} <one token>`,
    })
  return given
}

function queryToken(delivery: Delivery, name: string): string {
  const values = delivery.query().getAll(name)
  if (values.length > 1)
    throw new WebhookError('malformed_header', {
      problem: 'repeated',
      parameter: name,
      got: values.length,
    })
  if (!values[0])
    throw new WebhookError('missing_header', {
      problem: values.length === 0 ? 'missing' : 'blank',
      parameter: name,
    })
  return values[0]
}
