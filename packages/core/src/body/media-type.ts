import type { Format } from '../delivery.ts'

interface MediaType {
  /** `type/subtype` in lower case, or `''` if the header is absent or blank. */
  readonly type: string
  readonly charset: string | undefined
  readonly boundary: string | undefined
}

const ABSENT: MediaType = { type: '', charset: undefined, boundary: undefined }
const PARAMETER = /;\s*([^\s=;]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))/g

// Parsed header values are cached, since a sender uses one or two values. Values with a boundary differ each time, so
// they are not cached.
const known = new Map<string, MediaType>()
const KNOWN_SIZE = 100
const KNOWN_LENGTH = 200

/** Parses a Content-Type header (RFC 9110, section 8.3). Never throws: unreadable parts are left out. */
export function parseMediaType(contentType: string | undefined): MediaType {
  if (contentType === undefined) return ABSENT
  const hit = known.get(contentType)
  if (hit !== undefined) return hit
  const parsed = parse(contentType)
  if (parsed.boundary === undefined && contentType.length <= KNOWN_LENGTH) {
    if (known.size >= KNOWN_SIZE) known.clear()
    known.set(contentType, parsed)
  }
  return parsed
}

/**
 * Yields the parameters of a header value, with names in lower case. A backslash escapes only a quote or a backslash,
 * since some senders write Windows paths unescaped.
 */
export function* parseParameters(text: string): Generator<readonly [name: string, value: string]> {
  for (const [, name = '', quoted, bare = ''] of text.matchAll(PARAMETER)) {
    yield [
      name.toLowerCase(),
      quoted === undefined ? bare.replace(/^"/, '') : quoted.replace(/\\(["\\])/g, '$1'),
    ]
  }
}

const JSON_TYPES: ReadonlySet<string> = new Set([
  'application/json',
  'text/json',
  'application/x-json',
  'application/csp-report',
])

export function formatOf(type: string): Format | undefined {
  if (type === '') return undefined
  if (JSON_TYPES.has(type) || type.endsWith('+json')) return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type === 'application/xml' || type === 'text/xml' || type.endsWith('+xml')) return 'xml'
  // Other multipart types have no named fields, so they are read as bytes.
  if (type === 'multipart/form-data') return 'multipart'
  return type.startsWith('text/') ? 'text' : 'bytes'
}

function parse(contentType: string): MediaType {
  // Web frameworks join repeated headers with a comma. Only the first header counts.
  const end = contentType.search(/[;,]/)
  const type = (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
  let charset: string | undefined
  let boundary: string | undefined
  if (end !== -1) {
    for (const [name, value] of parseParameters(contentType.slice(end))) {
      if (name === 'charset') charset ??= value.trim().toLowerCase() || undefined
      else if (name === 'boundary') boundary ??= value || undefined
    }
  }
  return { type, charset, boundary }
}
