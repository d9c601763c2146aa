import type { Delivery } from '../delivery.ts'
import { formToObject, queryToObject } from './form.ts'
import { parseMultipart } from './multipart-later.ts'
import { loadXml, xmlReady } from './xml/xml.ts'

/** A body by the format it was read in: objects for form, query, multipart and XML, a string for text. */
export interface ParsedBody {
  readonly kind: 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'query' | 'bytes' | 'empty'
  readonly value: unknown
  /** True if integers beyond 2^53 become BigInt, for providers that find JSON inside a field. */
  readonly exact?: boolean
}

/**
 * Reads the body in its {@link Delivery.format}; `undefined` for an empty one. A promise only for multipart, and for XML
 * until its parser is loaded. `exact` returns integers of JSON beyond 2^53 as BigInt.
 *
 * @throws WebhookError with the codes of that format's reader; from the promise if there is one.
 */
export function parseBody(delivery: Delivery, exact: boolean): ParsedBody | Promise<ParsedBody> {
  const { format, content, limits } = delivery
  if (format === 'query')
    return { kind: 'query', value: queryToObject(delivery.url, limits.fields) }
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

function readXml(delivery: Delivery): ParsedBody | Promise<ParsedBody> {
  if (xmlReady()) return { kind: 'xml', value: delivery.xml() }
  return loadXml().then(() => ({ kind: 'xml', value: delivery.xml() }))
}
