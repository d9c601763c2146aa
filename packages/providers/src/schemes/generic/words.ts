import type { SignaturePlace } from '@postern/core/scheme'
import type { GenericSchemeOptions } from './scheme-options.ts'

/** How a sender signs, in words: `HMAC-SHA256 of {time}.{body}, base64`. */
export function genericWords(sign: GenericSchemeOptions): string {
  const {
    scheme,
    algorithm = 'sha256',
    encoding = 'hex',
    keyEncoding,
    pairs,
    timestampHeader,
  } = sign
  if (scheme === 'standard-webhooks') return 'HMAC-SHA256 of {id}.{time}.{body}, base64'
  if (scheme !== 'hmac') return `${typeof scheme === 'string' ? scheme : 'own'}, nothing is signed`
  const usual = pairs || timestampHeader !== undefined ? '{time}.{body}' : '{body}'
  const key = keyEncoding === undefined ? '' : `, key in ${[keyEncoding].flat().join(' or ')}`
  return `HMAC-${algorithm.toUpperCase()} of ${[sign.message ?? usual].flat().join(' or ')}, ${encoding}${key}`
}

/** Where the signature or the token of the options lies. */
export function genericPlace(sign: GenericSchemeOptions): SignaturePlace {
  const { scheme, header, headers, param, field } = sign
  const [first] = [header ?? headers?.signature ?? []].flat()
  if (field !== undefined) return { field }
  if (first !== undefined) return { header: first }
  if (param !== undefined) return { query: param }
  return { header: scheme === 'standard-webhooks' ? 'webhook-signature' : 'Authorization' }
}
