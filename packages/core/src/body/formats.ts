import type { Delivery } from '../delivery.ts'
import { formToObject } from './form.ts'
import { isForm, isJson, isMultipart, isText, isXml, parseMediaType } from './media-type.ts'
import { queryToObject } from './query.ts'
import { decodeText } from './text.ts'
import { loadXml, xmlReady } from './xml.ts'

/** A body by the kind it was read as: objects for form, query, multipart and XML, a string for text. */
export interface ParsedBody {
  readonly kind: 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'query' | 'bytes' | 'empty'
  readonly value: unknown
  /** True where integers beyond 2^53 are wanted as BigInt, for providers that find JSON inside a field. */
  readonly exact?: boolean
}

/**
 * Reads a body by its media type: the query string for GET and HEAD, `undefined` for an empty body, the bytes where the
 * type is one nobody here reads. Without a Content-Type what looks like JSON or XML is taken for it. A promise only for
 * multipart, and for XML until its parser is loaded. `exact` gives integers of JSON beyond 2^53 as BigInt.
 *
 * @throws WebhookError with the codes of the reader of that type; from the promise where there is one.
 */
export function parseBody(delivery: Delivery, exact: boolean): ParsedBody | Promise<ParsedBody> {
  const { method, content, limits } = delivery
  if (method === 'GET' || method === 'HEAD')
    return { kind: 'query', value: queryToObject(delivery.url, limits.fields) }
  if (content.length === 0) return { kind: 'empty', value: undefined }
  const contentType = delivery.header('content-type')
  const { type, charset } = parseMediaType(contentType)
  if (isJson(type)) return readJson(delivery, exact)
  if (isForm(type)) return { kind: 'form', value: formToObject(delivery.form()) }
  if (isXml(type)) return readXml(delivery)
  if (isMultipart(type)) {
    // Few senders post files: what reads them is loaded when the first one does.
    return import('./multipart.ts')
      .then(({ parseMultipart }) => parseMultipart(content, contentType ?? '', limits))
      .then((value) => ({ kind: 'multipart', value }))
  }
  if (isText(type)) return { kind: 'text', value: decodeText(content, charset) }
  return type === '' ? sniff(delivery, exact) : { kind: 'bytes', value: content }
}

function readJson(delivery: Delivery, exact: boolean): ParsedBody {
  return { kind: 'json', value: delivery.json(exact ? 'exact' : undefined) }
}

function readXml(delivery: Delivery): ParsedBody | Promise<ParsedBody> {
  if (xmlReady()) return { kind: 'xml', value: delivery.xml() }
  return loadXml().then(() => ({ kind: 'xml', value: delivery.xml() }))
}

function sniff(delivery: Delivery, exact: boolean): ParsedBody | Promise<ParsedBody> {
  switch (firstCharacter(delivery.content)) {
    case 0x7b: // {
    case 0x5b: // [
      return readJson(delivery, exact)
    case 0x3c: // <
      return readXml(delivery)
    default:
      return { kind: 'bytes', value: delivery.content }
  }
}

function firstCharacter(bytes: Uint8Array): number | undefined {
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  while (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0a || bytes[at] === 0x0d) at++
  return bytes[at]
}
