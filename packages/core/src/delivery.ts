import { parseForm } from './body/form.ts'
import { gunzip, isCoded } from './body/inflate.ts'
import { hasMoreNodes } from './body/json-nodes.ts'
import { parseJson } from './body/json.ts'
import { decideFormat, labelCounts, labelOf, type Declaration } from './body/formats.ts'
import { parseMediaType } from './body/media-type.ts'
import { decodeText } from './body/text.ts'
import { hasMoreTags } from './body/xml-tags.ts'
import { parseXml, xmlCharset, type XmlObject } from './body/xml.ts'
import { toBuffer } from './body/bytes.ts'
import { toHeaderLines, type HeaderLines } from './header-lines.ts'
import { WebhookError } from './errors.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { Format } from './provider/provider.ts'

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
  /**
   * The bytes to read: those of the wire until the delivery is verified; then inflated, within the limit, if the
   * provider declares gzip and they begin with its magic bytes.
   */
  readonly content: Uint8Array
  /** How the body is read: the provider's declaration decides, else the bytes themselves. */
  readonly format: Format
  readonly context: Json | undefined
  readonly limits: Limits
  /** The value of a header in any case of its name; the first one where it is repeated. */
  header(name: string): string | undefined
  /** Every line of a header, apart. Hosts on fetch `Headers` have them joined with a comma. */
  headers(name: string): readonly string[]
  /** Every header line, names in lower case. */
  headerLines(): Iterable<readonly [name: string, value: string]>
  /**
   * The body as JSON; parsed once. `exact` gives integers beyond 2^53 as BigInt. Throws `malformed_body` or `too_deep`;
   * before verification also `too_complex` beyond `limits.unverified`, as `form` and `xml` do.
   */
  json(exact?: 'exact'): unknown
  /** The body as form fields in order; parsed once. Throws `malformed_body`. */
  form(): URLSearchParams
  /** The body as XML; parsed once. Throws `malformed_body` or `too_deep`. */
  xml(): XmlObject
  /** The body as text in the charset its provider declares. Throws `unsupported_encoding`. */
  text(): string
  /** The fields of the URL's query, in order. */
  query(): URLSearchParams
}

const EMPTY = new Uint8Array(0)

/**
 * Makes a {@link Delivery}. Nothing is parsed before it is asked for, and then within `limits.unverified`: only a
 * receiver can find that a delivery is verified.
 */
export function createDelivery(
  init: DeliveryInit,
  limits: Limits = defaultLimits(),
  declared: Declaration = UNDECLARED,
): Delivery {
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
    declared,
  )
}

/**
 * A delivery of a receiver: the parts of the one given, read as its provider declares. What anybody parsed of the other
 * one under other bounds does not count.
 */
export function ownDelivery(
  given: Delivery | DeliveryInit,
  limits: Limits,
  declared: Declaration,
): Delivery {
  if (!isDelivery(given)) return createDelivery(given, limits, declared)
  const { method, url, body, context } = given
  const headers: HeaderLines = {
    get: (name) => given.header(name),
    all: (name) => given.headers(name),
    lines: () => given.headerLines(),
  }
  return createDelivery(
    { method, url, headers, body, ...(context !== undefined && { context }) },
    limits,
    declared,
  )
}

/** Lifts the bounds of the unverified phase, once a signature matched. */
export function markVerified(delivery: Delivery): void {
  if (delivery instanceof HttpDelivery) delivery.verify()
}

const UNDECLARED: Declaration = {}

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
  readonly #declared: Declaration
  #verified = false
  #content: Uint8Array | undefined
  #format: Format | undefined
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
    declared: Declaration,
  ) {
    this.method = method
    this.url = url
    this.body = body
    this.context = context
    this.limits = limits
    this.#lines = lines
    this.#declared = declared
  }

  verify(): void {
    if (this.#verified) return
    this.#verified = true
    if (!isCoded(this.body, this.#declared)) return
    // What was read of the compressed bytes is not what the sender said.
    this.#format = this.#text = this.#json = this.#exact = this.#form = this.#xml = undefined
  }

  get content(): Uint8Array {
    if (!this.#verified) return this.body
    return (this.#content ??= isCoded(this.body, this.#declared)
      ? gunzip(this.body, this.limits.inflated)
      : this.body)
  }

  get format(): Format {
    return (this.#format ??= decideFormat(this, this.#declared))
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
    if (exact) return (this.#exact ??= { value: this.#parseJson(true) }).value
    return (this.#json ??= { value: this.#parseJson(false) }).value
  }

  form(): URLSearchParams {
    return (this.#form ??= parseForm(this.#source(), this.#fields(), this.#charset()))
  }

  xml(): XmlObject {
    return (this.#xml ??= this.#parseXml())
  }

  text(): string {
    return (this.#text ??= this.#source())
  }

  query(): URLSearchParams {
    if (this.#query === undefined) {
      const [head] = this.url.split('#', 1) as [string]
      const start = head.indexOf('?')
      this.#query = parseForm(start < 0 ? '' : head.slice(start + 1), this.#fields())
    }
    return this.#query
  }

  #parseJson(exact: boolean): unknown {
    const text = this.#source()
    const { limits } = this
    if (this.#verified) return parseJson(text, { depth: limits.depth, exact })
    const { nodes, depth } = limits.unverified
    if (hasMoreNodes(text, nodes)) throw tooComplex(`${nodes} values (limits.unverified.nodes)`)
    return parseJson(text, { depth: Math.min(depth, limits.depth), exact })
  }

  #parseXml(): XmlObject {
    const { content, limits } = this
    const { xml, depth } = limits.unverified
    if (!this.#verified && content.byteLength > xml)
      throw tooComplex(`${xml} bytes of XML (limits.unverified.xml)`)
    const charset = this.#labelCharset() ?? xmlCharset(content) ?? this.#charset()
    const text = decodeText(content, charset)
    const { nodes } = limits.unverified
    if (!this.#verified && hasMoreTags(text, nodes))
      throw tooComplex(`${nodes} elements and attributes (limits.unverified.nodes)`)
    return parseXml(text, {
      depth: this.#verified ? limits.depth : Math.min(depth, limits.depth),
    })
  }

  #fields(): number {
    const { fields, unverified } = this.limits
    return this.#verified ? fields : Math.min(fields, unverified.fields)
  }

  // Kept only if asked for: once it was parsed, nobody reads it again, and the delivery lives on with its tasks.
  #source(): string {
    return this.#text ?? decodeText(this.content, this.#charset())
  }

  #charset(): string | undefined {
    return this.#labelCharset() ?? this.#declared.charsets?.[0]
  }

  #labelCharset(): string | undefined {
    if (!labelCounts(this, this.#declared)) return undefined
    // A label that names another format than the body is in says nothing of its charset, and JSON has but one.
    return this.format === labelOf(this) && this.format !== 'json'
      ? parseMediaType(this.header('content-type')).charset
      : undefined
  }
}

function tooComplex(bound: string): WebhookError {
  return new WebhookError(
    'too_complex',
    `before verification the body may have at most ${bound}; raise that limit if the sender needs more`,
  )
}
