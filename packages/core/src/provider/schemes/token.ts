import { indexOfEqual } from '../safe-equal.ts'
import { stringifyJson } from '../../body/json.ts'
import type { Delivery } from '../../delivery.ts'
import { memberOf, WebhookError } from '../../errors.ts'
import { mergeDeep } from '../compose.ts'
import type { Scheme } from '../scheme.ts'
import { malformed, mismatch, singleHeader, singleParameter, type At } from './signature/header.ts'
import { createDelivery } from '../../receive/http-delivery.ts'

/** Place of the token for {@link token}. */
export type TokenOptions =
  | {
      readonly header: string
      /** Word before the token, such as `Bearer`, in any case. */
      readonly scheme?: string
    }
  | {
      /** The query parameter with the token. URLs appear in access logs, so prefer a header. */
      readonly query: string
    }
  | {
      /** Path of the token in the JSON body: `auth.token` is the member `token` of the object `auth`. */
      readonly field: string
    }

/**
 * Creates a scheme for a shared token in a header (`Authorization: Bearer …`, RFC 6750), a query parameter or a member
 * of the body. Tokens are compared in constant time. A token does not protect the body, which is only as safe as TLS.
 * Tokens are removed before a delivery is stored or logged.
 */
export function token(options: TokenOptions): Scheme<string> {
  if ('field' in options) return fieldToken(options.field)
  const name = 'query' in options ? options.query : options.header.toLowerCase()
  const place = 'query' in options ? { parameter: name } : { header: name }
  return {
    words: `${'query' in options ? 'token in the query' : options.scheme === undefined ? 'token of a header' : `${options.scheme.toLowerCase()} token`}; nothing is signed`,
    place: 'query' in options ? { query: name } : { header: options.header },
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
          ? singleParameter(delivery, name)
          : headerToken(delivery, name, options.scheme)
      return keyOf(keys, given, place)
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

function fieldToken(field: string): Scheme<string> {
  const names = field.split('.')
  return {
    words: 'token in the body; nothing is signed',
    place: { field },
    covers: { body: 'none' },
    credentials: { fields: [field] },
    key: (secret) => secret,
    verify(delivery, keys) {
      let given: unknown = delivery.json()
      for (const name of names) given = memberOf(given, name)
      if (typeof given !== 'string' || given === '')
        throw new WebhookError('missing_header', { problem: 'missing', field })
      return keyOf(keys, given, { field })
    },
    sign(request, key) {
      const body = createDelivery(request).json('exact') as object
      const member = names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), key)
      return { ...request, body: encoder.encode(stringifyJson(mergeDeep(body, member))) }
    },
  }
}

const encoder = /* @__PURE__ */ new TextEncoder()

function keyOf(keys: readonly string[], given: string, place: At): number {
  const found = indexOfEqual(keys, given)
  if (found < 0) throw mismatch(place, keys.length)
  return found
}

function headerToken(delivery: Delivery, name: string, scheme: string | undefined): string {
  const value = singleHeader(delivery, name)
  if (scheme === undefined) return value
  const space = value.indexOf(' ')
  if (space < 0 || value.slice(0, space).toLowerCase() !== scheme.toLowerCase())
    throw malformed({ header: name }, scheme, 'wrong_prefix')
  const given = value.slice(space + 1).trim()
  if (given === '' || /[\s,]/.test(given))
    throw malformed(
      { header: name },
      `${scheme} <one token>`,
      given === '' ? 'malformed' : 'several',
    )
  return given
}
