import { Buffer } from 'node:buffer'
import { type Delivery, WebhookError } from '@postern/core'
import { malformed, safeEqual } from '@postern/core/internal'
import {
  type FieldItem,
  type StructuredFields,
  bytesAsBase64,
  dictionary,
} from './structured-fields.ts'
import { createHash } from 'node:crypto'

/** Parts of a URL that a signature can cover as derived components (RFC 9421, section 2.2). */
export interface SignatureTarget {
  readonly scheme: string
  readonly authority: string
  readonly path: string
  /** The query with its question mark, or `''` if the URL has no query. */
  readonly query: string
}

/** Splits a URL. Scheme and host are in lower case, without the default port. Path and query are unchanged. */
export function targetOf(url: string): SignatureTarget {
  const { protocol, host } = new URL(url)
  const rest = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*([^?#]*)(\?[^#]*)?/i.exec(url)
  return {
    scheme: protocol.slice(0, -1),
    authority: host,
    path: rest?.[1] || '/',
    query: rest?.[2] ?? '',
  }
}

/** Returns the value of a derived component such as `@method`, or undefined for an unknown component. */
export function derivedValue(
  name: string,
  parameter: unknown,
  method: string,
  target: SignatureTarget,
): string | undefined {
  const { scheme, authority, path, query } = target
  switch (name) {
    case '@method':
      return method
    case '@target-uri':
      return `${scheme}://${authority}${path}${query}`
    case '@authority':
      return authority
    case '@scheme':
      return scheme
    case '@request-target':
      return `${path}${query}`
    case '@path':
      return path
    case '@query':
      return query === '' ? '?' : query
    case '@query-param':
      return queryParameter(query, parameter)
    default:
      return undefined
  }
}

/** Returns the value of a component in the signed text, which RFC 9421 calls the signature base (section 2). */
export function componentValue(
  sf: StructuredFields,
  [name, parameters]: FieldItem,
  delivery: Delivery,
  target: SignatureTarget,
): string {
  if (typeof name !== 'string' || name !== name.toLowerCase())
    throw malformed({ header: 'signature-input' }, 'a list of names in lower case')
  const known = name.startsWith('@') ? (name === '@query-param' ? ['name'] : []) : FIELD_PARAMETERS
  for (const key of parameters.keys())
    if (!known.includes(key))
      throw malformed(
        { header: 'signature-input' },
        `for a request: ${name} has the parameter ${key}`,
      )
  const value = name.startsWith('@')
    ? derivedValue(name, parameters.get('name'), delivery.method, target)
    : fieldValue(sf, name, parameters, delivery.headers(name))
  if (value === undefined)
    throw malformed(
      { header: 'signature-input' },
      `about parts that are there once: ${name} is not`,
    )
  return value
}

const FIELD_PARAMETERS: readonly string[] = ['sf', 'key', 'bs']

function fieldValue(
  sf: StructuredFields,
  name: string,
  parameters: ReadonlyMap<string, unknown>,
  lines: readonly string[],
): string | undefined {
  if (lines.length === 0) return undefined
  if (parameters.has('bs'))
    return lines.map((line) => `:${Buffer.from(line.trim()).toString('base64')}:`).join(', ')
  const value = lines.map(unfolded).join(', ')
  const key = parameters.get('key')
  if (key === undefined && !parameters.has('sf')) return value
  try {
    const members = sf.parseDictionary(value)
    if (key === undefined) return sf.serializeDictionary(members as never)
    const member = members.get(key as string) as FieldItem | undefined
    if (member === undefined) return undefined
    return Array.isArray(member[0])
      ? sf.serializeInnerList(member as never)
      : sf.serializeItem(member as never)
  } catch {
    throw malformed({ header: name }, 'a dictionary of structured fields, as its component says')
  }
}

// Older clients may fold a header value over several lines. Each line break becomes one space (section 2.1).
function unfolded(line: string): string {
  if (!line.includes('\n')) return line.trim()
  return line
    .split('\n')
    .map((part) => part.trim())
    .join(' ')
}

// Returns the percent-encoded value of a query parameter. Returns undefined for a repeated parameter, which a signature
// must not cover (section 2.2.8).
function queryParameter(query: string, name: unknown): string | undefined {
  const found = [...new URLSearchParams(query)].filter(([one]) => percentEncode(one) === name)
  return found.length === 1 ? percentEncode(found[0]![1]) : undefined
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

const HASHES = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const

/**
 * Compares `Content-Digest` with the bytes on the wire (RFC 9530, section 2). A SHA-256 or SHA-512 digest must be
 * present. If both are present, both must be right. Digests of older algorithms are ignored.
 */
export function checkContentDigest(sf: StructuredFields, delivery: Delivery): void {
  const digests = dictionary(sf, delivery, 'content-digest')
  let found = false
  for (const [name, hash] of Object.entries(HASHES)) {
    const item = digests.get(name)
    if (!item) continue
    found = true
    const expected = createHash(hash).update(delivery.body).digest('base64')
    if (!safeEqual(bytesAsBase64(item[0]) ?? '', expected))
      throw new WebhookError('signature_mismatch', {
        problem: 'digest_differs',
        header: 'content-digest',
        field: name,
      })
  }
  if (!found)
    throw new WebhookError('malformed_header', {
      problem: 'missing',
      header: 'content-digest',
      field: 'sha-256',
      expected: 'sha-256 or sha-512',
    })
}

export function contentDigest(body: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`
}
