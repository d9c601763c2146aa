import { checkObject, kindOf } from './basics/unknown-options.ts'
import type { Declaration } from './body/formats.ts'
import { toBuffer } from './body/bytes.ts'
import type { XmlObject } from './body/xml/xml.ts'
import { toHeaderLines, type HeaderLines } from './basics/header-lines.ts'
import { isCoded } from './body/inflate.ts'
import { HttpDelivery, inflateUnverified } from './receive/http-delivery.ts'
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
   * provider declares gzip and they begin with its magic bytes. A sender that signs the decoded bytes is verified by a
   * delivery whose `body` is these, at most `limits.unverified.inflated` of them.
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

const EMPTY = new Uint8Array(0)

/**
 * Makes a {@link Delivery}. It parses on demand, within `limits.unverified`: only a receiver can mark a delivery as
 * verified. Throws a `TypeError` that names the part that is missing or of the wrong kind.
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

// A host written by hand may leave a part out, or hand over what a parser made of it.
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
 * A delivery of a receiver: the parts of the given one, read as its provider declares. Values that the given one has
 * parsed are not used, since they had other bounds.
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

/** What is known of a request whose body was not read: all of it, if its head says that it has none. */
export function headOnly(
  { method = 'POST', url, headers }: Pick<DeliveryInit, 'method' | 'url' | 'headers'>,
  limits: Limits,
  declared: Declaration,
): Pick<Delivery, 'method' | 'url' | 'body'> & Partial<Delivery> {
  const lines = headers === undefined ? undefined : toHeaderLines(headers)
  return lines && hasNoBody(method, lines)
    ? createDelivery({ method, url, headers: lines }, limits, declared)
    : { method, url, body: EMPTY }
}

/** Source: RFC 9112, section 6; other methods over HTTP/2 may have a body that no header tells of. */
function hasNoBody(method: string, headers: HeaderLines): boolean {
  if (headers.get('transfer-encoding') !== undefined) return false
  const length = headers.get('content-length')
  return length === undefined ? method === 'GET' || method === 'HEAD' : length === '0'
}

/**
 * The delivery to verify: the given one, or one whose body is inflated if the sender signs the bytes before it compresses
 * them. The first bytes of the body decide, never its header.
 *
 * @throws WebhookError `inflated_too_large` beyond `limits.unverified.inflated`, and `malformed_body`.
 */
export function decodedDelivery(given: Delivery, declared: Declaration): Delivery {
  if (declared.codings?.gzip !== 'decoded' || !isCoded(given.body, declared)) return given
  const body = given instanceof HttpDelivery ? given.decode() : inflateUnverified(given)
  const { codings: _decoded, ...plain } = declared
  const lines = toHeaderLines(given.headerLines())
  return new HttpDelivery(given.method, given.url, lines, body, given.context, given.limits, plain)
}

/** Lifts the bounds of the unverified phase, once a signature matched. */
export function markVerified(delivery: Delivery): void {
  if (delivery instanceof HttpDelivery) delivery.verify()
}

const UNDECLARED: Declaration = {}

/** True if the value is a {@link Delivery}, not a {@link DeliveryInit}. */
export function isDelivery(value: Delivery | DeliveryInit): value is Delivery {
  return typeof (Object(value) as Partial<Delivery>).header === 'function'
}
