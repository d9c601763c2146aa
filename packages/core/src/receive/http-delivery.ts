import { checkObject, kindOf } from '../basics/unknown-options.ts'
import { type Declaration, isCoded, decideFormat, labelCounts, labelOf } from '../body/formats.ts'
import { toBuffer, decodeText } from '../body/bytes.ts'
import { type XmlObject, hasMoreTags, parseXml, xmlCharset } from '../body/xml/xml.ts'
import {
  toHeaderLines,
  type HeaderLines,
  type Format,
  type Json,
  type DeliveryInit,
  type Delivery,
  type PartialDelivery,
} from '../delivery.ts'
import { gunzip } from '../body/inflate.ts'
import { defaultLimits, type Limits } from '../limits.ts'
import { parseForm } from '../body/form.ts'
import { hasMoreNodes, parseJson } from '../body/json.ts'
import { parseMediaType } from '../body/media-type.ts'
import { WebhookError } from '../errors.ts'

const EMPTY = new Uint8Array(0)

/**
 * Creates a {@link Delivery}, which parses its body on demand. The limits are `limits.unverified`, since only a
 * receiver can mark a delivery as verified. Throws a `TypeError` that names a missing or wrong part.
 */
export function createDelivery(
  init: DeliveryInit,
  limits: Limits = defaultLimits(),
  declared: Declaration = UNDECLARED,
): Delivery {
  checkInit(init)
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

// A custom adapter may omit a part, or pass a parsed body by mistake.
function checkInit(init: DeliveryInit): void {
  checkObject('delivery', init)
  const { url, method, headers, body } = init
  if (method !== undefined && typeof method !== 'string')
    wrong('method', 'the method of the request', method)
  if (typeof url !== 'string') wrong('url', 'the URL of the request', url)
  if (headers !== undefined && (typeof headers !== 'object' || headers === null))
    wrong('headers', 'a record, pairs or Headers', headers)
  if (body !== undefined && typeof body !== 'string' && !ArrayBuffer.isView(body))
    wrong('body', 'the bytes as they came (Buffer, Uint8Array) or a text', body)
}

function wrong(part: string, due: string, got: unknown): never {
  throw new TypeError(`delivery: ${part} must be ${due}, got ${kindOf(got)}`)
}

/**
 * Creates a delivery with the receiver's limits from a given delivery. Values that were already parsed are not reused,
 * since other limits applied to them.
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

/**
 * Creates a delivery from a request whose body was not read. If the request has no body, the delivery is complete.
 * Otherwise it has only method and URL.
 */
export function headOnly(
  { method = 'POST', url, headers }: Pick<DeliveryInit, 'method' | 'url' | 'headers'>,
  limits: Limits,
  declared: Declaration,
): PartialDelivery {
  const lines = headers === undefined ? undefined : toHeaderLines(headers)
  return lines && hasNoBody(method, lines)
    ? createDelivery({ method, url, headers: lines }, limits, declared)
    : { method, url, body: EMPTY }
}

/**
 * Returns true if the headers say that there is no body (RFC 9112, section 6). Over HTTP/2, requests with methods other
 * than GET and HEAD may have a body that no header announces.
 */
function hasNoBody(method: string, headers: HeaderLines): boolean {
  if (headers.get('transfer-encoding') !== undefined) return false
  const length = headers.get('content-length')
  return length === undefined ? method === 'GET' || method === 'HEAD' : length === '0'
}

/**
 * Returns the delivery to verify. If the sender signs the body before compressing it and the body is compressed,
 * returns a delivery with the decompressed body. Otherwise returns `given`. The first bytes show whether the body is
 * compressed; the header Content-Encoding is ignored.
 *
 * @throws WebhookError `decompressed_too_large` beyond `limits.unverified.decompressed`, or `malformed_body` for
 * invalid gzip.
 */
export function decodedDelivery(given: Delivery, declared: Declaration): Delivery {
  if (declared.codings?.gzip !== 'decoded' || !isCoded(given.body, declared)) return given
  const body = given instanceof HttpDelivery ? given.decode() : inflateUnverified(given)
  const { codings: _decoded, ...plain } = declared
  const lines = toHeaderLines(given.headerLines())
  return new HttpDelivery(given.method, given.url, lines, body, given.context, given.limits, plain)
}

/** Marks a delivery as verified, so that the stricter limits for unverified deliveries no longer apply. */
export function markVerified(delivery: Delivery): void {
  if (delivery instanceof HttpDelivery) delivery.verify()
}

const UNDECLARED: Declaration = {}

export function isDelivery(value: Delivery | DeliveryInit): value is Delivery {
  return typeof (Object(value) as Partial<Delivery>).header === 'function'
}

/** A delivery that parses its body on demand. Until `verify` is called, `limits.unverified` applies. */
// A class, because one instance is made per request: unused lazy members on a prototype cost nothing.
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
    // Before verification, these values were read from the compressed bytes. They are dropped, so that they are read
    // again from the decompressed body.
    this.#format = this.#text = this.#json = this.#exact = this.#form = this.#xml = undefined
  }

  decode(): Uint8Array {
    return (this.#content ??= inflateUnverified(this))
  }

  get content(): Uint8Array {
    if (!this.#verified) return this.body
    return (this.#content ??= isCoded(this.body, this.#declared)
      ? gunzip(this.body, this.limits.decompressed)
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
    return (this.#form ??= parseForm(this.#source(), ...this.#fields(this.#charset())))
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
      this.#query = parseForm(start < 0 ? '' : head.slice(start + 1), ...this.#fields(undefined))
    }
    return this.#query
  }

  #parseJson(exact: boolean): unknown {
    const text = this.#source()
    const { limits, content: bytes } = this
    if (this.#verified) return parseJson(text, { depth: limits.depth, exact, bytes })
    const { nodes } = limits.unverified
    if (hasMoreNodes(text, nodes)) throw tooComplex(nodes, 'values', 'nodes')
    return parseJson(text, { ...this.#depth(), exact })
  }

  #parseXml(): XmlObject {
    const { content, limits } = this
    const { xml } = limits.unverified
    if (!this.#verified && content.byteLength > xml) throw tooComplex(xml, 'bytes of XML', 'xml')
    const charset = this.#labelCharset() ?? xmlCharset(content) ?? this.#charset()
    const text = decodeText(content, charset)
    const { nodes } = limits.unverified
    if (!this.#verified && hasMoreTags(text, nodes))
      throw tooComplex(nodes, 'elements and attributes', 'nodes')
    return parseXml(text, this.#depth())
  }

  #fields(
    charset: string | undefined,
  ): [fields: number, charset: string | undefined, option: string] {
    const { fields, unverified } = this.limits
    return this.#verified || fields <= unverified.fields
      ? [fields, charset, 'limits.fields']
      : [unverified.fields, charset, 'limits.unverified.fields']
  }

  #depth(): { readonly depth: number; readonly option: string } {
    const { depth, unverified } = this.limits
    return this.#verified || depth <= unverified.depth
      ? { depth, option: 'limits.depth' }
      : { depth: unverified.depth, option: 'limits.unverified.depth' }
  }

  // Only `text()` caches the text. Parsing needs the text once, but the delivery stays in memory until its tasks are
  // done.
  #source(): string {
    return this.#text ?? decodeText(this.content, this.#charset())
  }

  #charset(): string | undefined {
    return this.#labelCharset() ?? this.#declared.charsets?.[0]
  }

  #labelCharset(): string | undefined {
    if (!labelCounts(this, this.#declared)) return undefined
    // If the Content-Type names another format, its charset does not apply to this body. JSON is always UTF-8.
    return this.format === labelOf(this) && this.format !== 'json'
      ? parseMediaType(this.header('content-type')).charset
      : undefined
  }
}

function inflateUnverified({ body, limits }: Pick<Delivery, 'body' | 'limits'>): Uint8Array {
  const { decompressed } = limits.unverified
  return gunzip(body, Math.min(decompressed, limits.decompressed), 'limits.unverified.decompressed')
}

function tooComplex(limit: number, got: string, option: 'nodes' | 'xml'): WebhookError {
  return new WebhookError('too_complex', {
    problem: 'too_complex',
    got,
    option: `limits.unverified.${option}`,
    limit,
  })
}
