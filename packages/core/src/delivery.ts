import type { XmlObject } from './body/xml/xml.ts'
import type { Limits } from './limits.ts'
import { WebhookError } from './errors.ts'

/** The format in which a body is read. With `query`, the parameters of the URL are the payload. */
export type Format = 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'bytes' | 'query'

/** A parsed body. The value is an object for form, query, multipart and XML, and a string for text. */
export interface ParsedBody {
  readonly kind: 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'query' | 'bytes' | 'empty'
  readonly value: unknown
  /**
   * True if integers beyond 2^53 were parsed as BigInt. Providers then parse JSON inside of a field in the same way.
   */
  readonly exact?: boolean
}

/** A JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** The parts of a {@link Delivery}: one HTTP request from a sender. */
export interface DeliveryInit {
  /** @default 'POST' */
  readonly method?: string
  /** The absolute URL that the sender used, as far as the framework or platform knows it. */
  readonly url: string
  readonly headers?: GivenHeaders
  /**
   * The exact bytes of the body, still compressed if the body arrived compressed. A string is converted to UTF-8.
   * @default empty
   */
  readonly body?: Uint8Array | string
  /** A small JSON value that the app attaches to the request (tenant, route). It is stored with the event. */
  readonly context?: Json
}

/** One HTTP request from a sender, independent of the framework. */
export interface Delivery {
  readonly method: string
  readonly url: string
  /** The exact bytes of the body. */
  readonly body: Uint8Array
  /**
   * The bytes to parse: `body`, decompressed if the provider declares gzip and the body is compressed. Usually, the
   * body is decompressed after verification. If the sender signs the decompressed bytes, the body is decompressed
   * before verification, up to `limits.unverified.decompressed` bytes. In this case, `body` has the decompressed bytes
   * too.
   */
  readonly content: Uint8Array
  /** The format in which the body is read, one of the formats that the provider declares. */
  readonly format: Format
  readonly context: Json | undefined
  readonly limits: Limits
  /** Returns the value of a header; the first value if the header is repeated. The name may be in any case. */
  header(name: string): string | undefined
  /** Returns every line of a header. Platforms that pass fetch `Headers` return the lines joined with a comma. */
  headers(name: string): readonly string[]
  /** Returns every header line, with its name in lower case. */
  headerLines(): Iterable<readonly [name: string, value: string]>
  /**
   * Returns the body as JSON, parsed once. With `exact`, integers beyond 2^53 become BigInt. Throws `malformed_body` or
   * `too_deep`. Before verification, also throws `too_complex` beyond `limits.unverified`, as `form` and `xml` do.
   */
  json(exact?: 'exact'): unknown
  /** Returns the body as form fields, in order; parsed once. Throws `malformed_body`. */
  form(): URLSearchParams
  /** Returns the body as XML, parsed once. Throws `malformed_body` or `too_deep`. */
  xml(): XmlObject
  /**
   * Returns the body as a string, decoded with the charset that the provider declares. Throws `unsupported_encoding`.
   */
  text(): string
  /** Returns the fields of the URL's query, in order. */
  query(): URLSearchParams
}

/** The parts of a delivery that were read before the delivery was rejected or failed. */
export type PartialDelivery = Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>

/** The header lines as a framework or platform passes them. Callers give names in lower case. */
export interface HeaderLines {
  /** Returns the first line of the header `name`, or all its lines if the platform joins them. */
  get(name: string): string | undefined
  /** Returns every line of the header `name`, in order. A platform that joins repeated lines returns one line. */
  all(name: string): readonly string[]
  /** Returns every line as name and value, with the name in lower case. */
  lines(): Iterable<readonly [name: string, value: string]>
}

type GivenHeaders = HeaderLines | Iterable<readonly [string, string]> | HeaderRecord

type HeaderRecord = Readonly<Record<string, string | readonly string[] | undefined>>

export function toHeaderLines(headers: GivenHeaders | undefined): HeaderLines {
  if (headers === undefined) return new HeaderMap([])
  if ('lines' in headers && typeof headers.lines === 'function') return headers as HeaderLines
  if (Symbol.iterator in headers)
    return new HeaderMap(headers as Iterable<readonly [string, string]>)
  return new HeaderMap(recordLines(headers as HeaderRecord))
}

function* recordLines(record: HeaderRecord): Iterable<readonly [string, string]> {
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'string') yield [name, value]
    else if (value !== undefined) for (const line of value) yield [name, line]
  }
}

class HeaderMap implements HeaderLines {
  readonly #map = new Map<string, string[]>()

  constructor(lines: Iterable<readonly [string, string]>) {
    for (const [name, value] of lines) {
      const key = name.toLowerCase()
      const known = this.#map.get(key)
      if (known) known.push(value)
      else this.#map.set(key, [value])
    }
  }

  get(name: string): string | undefined {
    return this.#map.get(name)?.[0]
  }

  all(name: string): readonly string[] {
    return this.#map.get(name) ?? []
  }

  *lines(): Iterable<readonly [string, string]> {
    for (const [name, values] of this.#map) for (const value of values) yield [name, value]
  }
}

/**
 * Returns a function that appends the path and query of a request to `publicUrl`, the URL that senders know. The
 * function accepts a URL or a request target. `publicUrl` is not normalized: if a sender signs `:443`, the signed URL
 * must contain `:443`. Throws a `TypeError` if `publicUrl` is not an absolute http or https URL without a query.
 */
export function toPublicUrl(publicUrl: string): (target: string) => string {
  const url =
    typeof publicUrl === 'string' && URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(publicUrl)) {
    throw new TypeError(
      `publicBase must be an absolute http or https URL without a query, such as https://example.com, got ${String(publicUrl)}`,
    )
  }
  let end = publicUrl.length
  while (publicUrl.endsWith('/', end)) end--
  const base = publicUrl.slice(0, end)
  return (target) => base + targetPath(target)
}

/** Returns path and query of a request target, which may be absolute (RFC 9112, section 3.2.2) or `*`. */
export function targetPath(target: string): string {
  if (target.startsWith('/')) return target
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)
  const rest = origin ? target.slice(origin[0].length) : target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Joins the parts of a request to its absolute URL. `prefix` is a path that a proxy has removed. */
export type JoinUrl = (scheme: string, host: string, target: string, prefix?: string) => string

/**
 * Returns the function with which every adapter joins the host and target of a request. The function throws
 * `malformed_url` for a host that would change the path, such as `api.example/test`, or that makes the URL invalid.
 */
export function urlJoiner(): JoinUrl {
  let known = 'localhost'
  return (scheme, host, target, prefix = '') => {
    // The last valid host is cached: hosts repeat, and parsing one costs as much as reading a small body.
    if (host !== known) {
      if (/[\s/?#@\\]/.test(host) || !URL.canParse(`http://${host}/`))
        throw new WebhookError('malformed_url', { problem: 'wrong_host', header: 'host' })
      known = host
    }
    return `${scheme}://${host}${prefix}${targetPath(target)}`
  }
}
