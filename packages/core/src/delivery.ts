import type { XmlObject } from './body/xml/xml.ts'
import type { Limits } from './limits.ts'
import { WebhookError } from './errors.ts'

/** How a body is read. `query`: the parameters of the URL are the payload. */
export type Format = 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'bytes' | 'query'

/** A body by the format it was read in: objects for form, query, multipart and XML, a string for text. */
export interface ParsedBody {
  readonly kind: 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'query' | 'bytes' | 'empty'
  readonly value: unknown
  /** True if integers beyond 2^53 become BigInt, for providers that find JSON inside a field. */
  readonly exact?: boolean
}

/** A value that JSON can carry. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** What makes a {@link Delivery}: one HTTP request from a provider. */
export interface DeliveryInit {
  /** @default 'POST' */
  readonly method?: string
  /** Absolute URL as the sender addressed it, as far as the host knows. */
  readonly url: string
  readonly headers?: GivenHeaders
  /** The exact bytes of the wire, still compressed if they arrived compressed. A string stands for its UTF-8 bytes. @default empty */
  readonly body?: Uint8Array | string
  /** A small JSON value the app attaches to the request (tenant, route); kept with the event. */
  readonly context?: Json
}

/** One HTTP request from a provider, framework-neutral. */
export interface Delivery {
  readonly method: string
  readonly url: string
  /** The exact bytes of the wire. */
  readonly body: Uint8Array
  /**
   * The bytes to read: those of the wire until the delivery is verified; then inflated, within the limit, if the
   * provider declares gzip and they start with its magic bytes. A sender that signs the decoded bytes is verified by a
   * delivery whose `body` is these, at most `limits.unverified.decompressed` of them.
   */
  readonly content: Uint8Array
  /** How the body is read: the provider's declaration decides, else the bytes themselves. */
  readonly format: Format
  readonly context: Json | undefined
  readonly limits: Limits
  /** The value of a header in any case of its name; the first one if the header is repeated. */
  header(name: string): string | undefined
  /** Every line of a header, apart. Hosts on fetch `Headers` have them joined with a comma. */
  headers(name: string): readonly string[]
  /** Every header line, names in lower case. */
  headerLines(): Iterable<readonly [name: string, value: string]>
  /**
   * The body as JSON; parsed once. `exact` returns integers beyond 2^53 as BigInt. Throws `malformed_body` or `too_deep`;
   * before verification also `too_complex` beyond `limits.unverified`, as `form` and `xml` do.
   */
  json(exact?: 'exact'): unknown
  /** The body as form fields in order; parsed once. Throws `malformed_body`. */
  form(): URLSearchParams
  /** The body as XML; parsed once. Throws `malformed_body` or `too_deep`. */
  xml(): XmlObject
  /** The body as a string, decoded from the charset its provider declares. Throws `unsupported_encoding`. */
  text(): string
  /** The fields of the URL's query, in order. */
  query(): URLSearchParams
}

/** A delivery, as far as it was read. */
export type PartialDelivery = Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery>

/** How a host hands over the header lines it received. Names are asked for in lower case. */
export interface HeaderLines {
  /** The value of the header. Of a repeated header it is the first value, or all of them if the host joins them. */
  get(name: string): string | undefined
  /** Every line of that name, in order and apart, as far as the host keeps them apart. */
  all(name: string): readonly string[]
  /** Every line as name and value, names in lower case. */
  lines(): Iterable<readonly [name: string, value: string]>
}

/** Headers in any form a host has them. */
type GivenHeaders =
  | HeaderLines
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string | readonly string[] | undefined>>

/** Headers as this code reads them. */
export function toHeaderLines(headers: GivenHeaders | undefined): HeaderLines {
  if (headers === undefined) return new HeaderMap([])
  if ('lines' in headers && typeof headers.lines === 'function') return headers as HeaderLines
  if (Symbol.iterator in headers)
    return new HeaderMap(headers as Iterable<readonly [string, string]>)
  return new HeaderMap(
    recordLines(headers as Readonly<Record<string, string | readonly string[] | undefined>>),
  )
}

function* recordLines(
  record: Readonly<Record<string, string | readonly string[] | undefined>>,
): Iterable<readonly [string, string]> {
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
 * Makes the function that puts path and query of a request's target, or of its URL, behind the URL senders know. The
 * base is used as it is written: a sender that signs `:443` signs it. Throws a `TypeError` for any other URL.
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

/** Path and query of a request target: proxies may send its absolute form (RFC 9112 section 3.2.2), OPTIONS may have `*`. */
export function targetPath(target: string): string {
  if (target.startsWith('/')) return target
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)
  const rest = origin ? target.slice(origin[0].length) : target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Joins the parts of a request into its absolute URL; `prefix` is a path that a proxy cut off. */
export type JoinUrl = (scheme: string, host: string, target: string, prefix?: string) => string

/**
 * Makes the function that every adapter joins host and target of a request with. It throws `malformed_url` for a host that
 * would move the path, as `api.example/test` does, or that makes no URL.
 */
export function urlJoiner(): JoinUrl {
  let known = 'localhost'
  return (scheme, host, target, prefix = '') => {
    // Cached: hosts repeat, and parsing one costs as much as reading a small body.
    if (host !== known) {
      if (/[\s/?#@\\]/.test(host) || !URL.canParse(`http://${host}/`))
        throw new WebhookError('malformed_url', { problem: 'wrong_host', header: 'host' })
      known = host
    }
    return `${scheme}://${host}${prefix}${targetPath(target)}`
  }
}
