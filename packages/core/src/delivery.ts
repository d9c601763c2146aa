import { parseForm } from './body/form.ts'
import { inflate } from './body/inflate.ts'
import { parseJson } from './body/json.ts'
import { parseMediaType } from './body/media-type.ts'
import { decodeText } from './body/text.ts'
import { parseXml, xmlCharset, type XmlObject } from './body/xml.ts'
import { toBuffer } from './body/bytes.ts'
import { toHeaderLines, type HeaderLines } from './header-lines.ts'
import { resolveLimits, type Limits } from './limits.ts'

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
  readonly headers?:
    | HeaderLines
    | Iterable<readonly [string, string]>
    | Readonly<Record<string, string | readonly string[] | undefined>>
  /** The exact bytes of the wire, still compressed if they came so. A text stands for its UTF-8 bytes. @default empty */
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
  /** The bytes after `Content-Encoding` is undone; inflated once, within the limit. */
  readonly content: Uint8Array
  readonly context: Json | undefined
  readonly limits: Limits
  /** The value of a header in any case of its name; the first one where it is repeated. */
  header(name: string): string | undefined
  /** Every line of a header, apart. Hosts on fetch `Headers` have them joined with a comma. */
  headers(name: string): readonly string[]
  /** Every header line, names in lower case. */
  headerLines(): Iterable<readonly [name: string, value: string]>
  /** The body as JSON; parsed once. `exact` gives integers beyond 2^53 as BigInt. Throws `malformed_body` or `too_deep`. */
  json(exact?: 'exact'): unknown
  /** The body as form fields in order; parsed once. Throws `malformed_body`. */
  form(): URLSearchParams
  /** The body as XML; parsed once. Throws `malformed_body` or `too_deep`. */
  xml(): XmlObject
  /** The body as text in its declared charset. Throws `unsupported_encoding`. */
  text(): string
  /** The fields of the URL's query, in order. */
  query(): URLSearchParams
}

const EMPTY = new Uint8Array(0)

/** Makes a {@link Delivery}. Nothing is parsed before it is asked for. */
export function createDelivery(init: DeliveryInit, limits: Limits = resolveLimits()): Delivery {
  return new HttpDelivery(
    init.method ?? 'POST',
    init.url,
    toHeaderLines(init.headers),
    init.body === undefined
      ? EMPTY
      : typeof init.body === 'string'
        ? toBuffer(init.body)
        : init.body,
    init.context,
    limits,
  )
}

/** True where the value is a ready {@link Delivery} and not what makes one. */
export function isDelivery(value: Delivery | DeliveryInit): value is Delivery {
  return 'header' in value && typeof value.header === 'function'
}

// A class, since one is made for each request and lazy members on a prototype cost nothing until they are used.
class HttpDelivery implements Delivery {
  readonly method: string
  readonly url: string
  readonly body: Uint8Array
  readonly context: Json | undefined
  readonly limits: Limits
  readonly #lines: HeaderLines
  #content: Uint8Array | undefined
  #text: string | undefined
  #json: { value: unknown } | undefined
  #exact: { value: unknown } | undefined
  #form: URLSearchParams | undefined
  #xml: XmlObject | undefined
  #query: URLSearchParams | undefined

  constructor(
    method: string,
    url: string,
    lines: HeaderLines,
    body: Uint8Array,
    context: Json | undefined,
    limits: Limits,
  ) {
    this.method = method
    this.url = url
    this.body = body
    this.context = context
    this.limits = limits
    this.#lines = lines
  }

  get content(): Uint8Array {
    return (this.#content ??= inflate(
      this.body,
      this.header('content-encoding'),
      this.limits.inflated,
    ))
  }

  header(name: string): string | undefined {
    return this.#lines.get(name.toLowerCase())
  }

  headers(name: string): readonly string[] {
    return this.#lines.all(name.toLowerCase())
  }

  headerLines(): Iterable<readonly [string, string]> {
    return this.#lines.lines()
  }

  json(exact?: 'exact'): unknown {
    const depth = this.limits.depth
    if (exact)
      return (this.#exact ??= { value: parseJson(this.#source(), { depth, exact: true }) }).value
    return (this.#json ??= { value: parseJson(this.#source(), { depth }) }).value
  }

  form(): URLSearchParams {
    return (this.#form ??= parseForm(this.#source(), this.limits.fields, this.#charset()))
  }

  xml(): XmlObject {
    return (this.#xml ??= parseXml(
      decodeText(this.content, this.#charset() ?? xmlCharset(this.content)),
      { depth: this.limits.depth },
    ))
  }

  text(): string {
    return (this.#text ??= this.#source())
  }

  query(): URLSearchParams {
    if (this.#query === undefined) {
      const [head] = this.url.split('#', 1) as [string]
      const start = head.indexOf('?')
      this.#query = parseForm(start < 0 ? '' : head.slice(start + 1), this.limits.fields)
    }
    return this.#query
  }

  // Kept only for who asks for it: once it was parsed, nobody reads it again, and the delivery lives on with its tasks.
  #source(): string {
    return this.#text ?? decodeText(this.content, this.#charset())
  }

  #charset(): string | undefined {
    return parseMediaType(this.header('content-type')).charset
  }
}
