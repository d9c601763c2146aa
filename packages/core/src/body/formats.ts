import type { Delivery, Format, ParsedBody } from '../delivery.ts'
import { WebhookError } from '../errors.ts'
import type { Provider } from '../provider/provider.ts'
import { toBuffer } from './bytes.ts'
import { formToObject } from './form.ts'
import { formatOf, parseMediaType } from './media-type.ts'
import type { MultipartBody, MultipartLimits } from './multipart.ts'
import { loadXml, xmlReady } from './xml/xml.ts'

export type Declaration = Pick<
  Provider,
  'formats' | 'format' | 'codings' | 'charsets' | 'labelled'
> & { readonly covers?: Pick<Provider['covers'], 'body'> }

const JSON_ALONE: readonly Format[] = ['json']

export function readsXml({
  xml,
  formats,
}: {
  readonly xml?: boolean
  readonly formats?: readonly string[]
}): boolean {
  return xml === true || formats?.includes('xml') === true
}

/**
 * Returns the format in which to read a body. The provider's function `format` decides first. If its result is
 * undefined, an empty body is read as `query` if that format is declared. Otherwise the other declared formats count.
 * If there is only one, it is used. If there are several, the Content-Type decides if {@link labelCounts} allows its
 * use, else the bytes decide.
 */
export function decideFormat(delivery: Delivery, declared: Declaration): Format {
  const { formats = JSON_ALONE } = declared
  const own = declared.format?.(delivery)
  if (own !== undefined) return own
  const { content } = delivery
  if (content.length === 0 && formats.includes('query')) return 'query'
  const bodies = formats.length > 1 && formats.includes('query') ? formats.filter(isBody) : formats
  if (bodies.length === 1) return bodies[0]!
  if (labelCounts(delivery, declared)) {
    const named = labelOf(delivery)
    if (named !== undefined && bodies.includes(named)) return named
  }
  return ofBytes(content, bodies)
}

function isBody(format: Format): boolean {
  return format !== 'query'
}

/** Returns true if Content-Type and Content-Encoding may be used: they are signed, or the body is unsigned too. */
export function labelCounts(delivery: Delivery, { covers, labelled }: Declaration): boolean {
  return covers?.body === 'none' || labelled?.(delivery) === true
}

/** Returns true if the provider declares gzip and the body starts with its magic bytes (RFC 1952, section 2.3.1). */
export function isCoded(body: Uint8Array, { codings }: Pick<Declaration, 'codings'>): boolean {
  return codings?.gzip !== undefined && body[0] === 0x1f && body[1] === 0x8b
}

export function labelOf(delivery: Delivery): Format | undefined {
  return formatOf(parseMediaType(delivery.header('content-type')).type)
}

/** Throws `unsupported_media_type` if the Content-Type names a format other than the one in which the body is read. */
export function checkLabel(delivery: Delivery): void {
  const label = labelOf(delivery)
  const { format, content } = delivery
  if (label === undefined || label === format || content.length === 0) return
  throw new WebhookError('unsupported_media_type', {
    problem: 'not_allowed',
    header: 'content-type',
    got: label,
    expected: `of ${format}, as which the body is read`,
    remedy: `let the sender say ${format}, or leave out contentType: 'strict'`,
  })
}

const WHITE = new Set([0x20, 0x09, 0x0a, 0x0d])

function ofBytes(bytes: Uint8Array, formats: readonly Format[]): Format {
  const can = (format: Format): boolean => formats.includes(format)
  const first = firstByte(bytes)
  if ((first === 0x7b || first === 0x5b) && can('json')) return 'json'
  if (first === 0x3c && can('xml')) return 'xml'
  if (bytes[0] === 0x2d && bytes[1] === 0x2d && can('multipart')) return 'multipart'
  // Any body is valid as `text` or `bytes`. If one of these two formats is declared, only a body that looks like a form
  // is read as `form`.
  const rest = can('text') ? 'text' : can('bytes') ? 'bytes' : undefined
  if (can('form') && (rest === undefined || isFormText(bytes))) return 'form'
  return rest ?? formats[0]!
}

function firstByte(bytes: Uint8Array): number | undefined {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (WHITE.has(bytes[at]!)) at++
  return bytes[at]
}

/** Returns true if the bytes are `name=value` pairs, joined by `&`, of unreserved characters, `%XX` and `+`. */
function isFormText(bytes: Uint8Array): boolean {
  const text = toBuffer(bytes).toString('latin1')
  // These are three searches: one regular expression for a whole body could overflow the stack of V8.
  return (
    !/[^\w.~*+=&%-]/.test(text) &&
    !/%(?![\dA-Fa-f]{2})/.test(text) &&
    text.split('&').every((pair) => pair.includes('='))
  )
}

/**
 * Reads the body in its {@link Delivery.format}. The value of an empty body is undefined. Returns a promise only for
 * multipart, and for XML until its parser is loaded. If `exact` is true, JSON integers beyond 2^53 become BigInt.
 *
 * @throws WebhookError if the body is not valid in this format. If a promise is returned, it rejects instead.
 */
export function parseBody(delivery: Delivery, exact: boolean): ParsedBody | Promise<ParsedBody> {
  const { format, content, limits } = delivery
  if (format === 'query') return { kind: 'query', value: formToObject(delivery.query()) }
  if (content.length === 0) return { kind: 'empty', value: undefined }
  switch (format) {
    case 'json':
      return { kind: 'json', value: delivery.json(exact ? 'exact' : undefined) }
    case 'form':
      return { kind: 'form', value: formToObject(delivery.form()) }
    case 'xml':
      return readXml(delivery)
    case 'multipart':
      return parseMultipart(content, { fields: limits.fields }).then((value) => ({
        kind: 'multipart',
        value,
      }))
    case 'text':
      return { kind: 'text', value: delivery.text() }
    case 'bytes':
      return { kind: 'bytes', value: content }
  }
}

/** Reads a `multipart/form-data` body. The reader is loaded on demand, since few senders post files. */
export async function parseMultipart(
  body: Uint8Array,
  limits: MultipartLimits,
): Promise<MultipartBody> {
  return (await import('./multipart.ts')).parseMultipart(body, limits)
}

function readXml(delivery: Delivery): ParsedBody | Promise<ParsedBody> {
  if (xmlReady()) return { kind: 'xml', value: delivery.xml() }
  return loadXml().then(() => ({ kind: 'xml', value: delivery.xml() }))
}
