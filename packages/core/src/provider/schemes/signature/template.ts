import type { Delivery } from '../../../delivery.ts'
import { singleHeader, singleParameter } from './header.ts'
import {
  concat,
  encode,
  fromBase64,
  fromBase64url,
  fromHex,
  toBuffer,
} from '../../../body/bytes.ts'

type Part = (delivery: Delivery, timestamp: string | undefined) => string | Uint8Array

const PLACE = /\{([^{}]*)\}/
// Matches an optional part in square brackets, which is omitted if its header or parameter is absent.
const OPTIONAL = /\[([^[\]{}]*)\{(lower:)?(header|query):([^{}]+)\}([^[\]{}]*)\]/

/**
 * Makes the function that fills a message template. `{body}` is the exact body bytes, `{time}` is the signed time as
 * written, `{method}` and `{url}` are those of the request. `{header:x-request-id}` is a header and `{query:id}` a
 * query parameter; each must be present exactly once. `{lower:query:id}` is the parameter in lower case.
 * `[id:{query:id};]` is omitted if the parameter is absent.
 *
 * @throws TypeError if the template has an unknown name in braces, or no braces.
 *
 * @example hmac({ header: 'x-signature', timestampHeader: 'x-time', message: messageTemplate('v0:{time}:{body}') })
 */
export function messageTemplate(
  template: string,
): (delivery: Delivery, timestamp: string | undefined) => SignedMessage {
  // A shortcut for the most common template: it makes no list of parts for each delivery.
  if (template === '{body}') return (delivery) => delivery.body
  if (!PLACE.test(template)) throw unfit(template)
  const parts = partsOf(template)
  return (delivery, timestamp) => {
    const message: (string | Uint8Array)[] = []
    let text = ''
    for (const part of parts) {
      const value = part(delivery, timestamp)
      if (typeof value === 'string') text += value
      else {
        if (text !== '') message.push(text)
        message.push(value)
        text = ''
      }
    }
    if (text !== '') message.push(text)
    return message
  }
}

function partsOf(template: string): readonly Part[] {
  const found = OPTIONAL.exec(template)
  const plain = template
    .slice(0, found?.index)
    .split(PLACE)
    .flatMap((piece, at): Part[] =>
      at % 2 === 1 ? [place(piece, template)] : piece === '' ? [] : [() => piece],
    )
  if (!found) return plain
  const [whole, prefix, lower = '', kind, name, suffix] = found
  const value = place(`${lower}${kind}:${name}`, template)
  const isThere = (delivery: Delivery): boolean =>
    kind === 'header' ? delivery.header(name!) !== undefined : delivery.query().has(name!)
  const optional: Part = (delivery, timestamp) =>
    isThere(delivery) ? `${prefix}${value(delivery, timestamp) as string}${suffix}` : ''
  return [...plain, optional, ...partsOf(template.slice(found.index + whole.length))]
}

function place(name: string, template: string): Part {
  if (name.startsWith('lower:')) {
    const value = place(name.slice(6), template)
    return (delivery, timestamp) => String(value(delivery, timestamp)).toLowerCase()
  }
  if (name.startsWith('header:')) {
    const header = name.slice(7).toLowerCase()
    return (delivery) => singleHeader(delivery, header)
  }
  if (name.startsWith('query:')) {
    const parameter = name.slice(6)
    return (delivery) => singleParameter(delivery, parameter)
  }
  switch (name) {
    case 'body':
      return (delivery) => delivery.body
    case 'time':
      return (_delivery, timestamp) => timestamp ?? ''
    case 'method':
      return (delivery) => delivery.method
    case 'url':
      return (delivery) => delivery.url
    default:
      throw unfit(template)
  }
}

function unfit(template: string): TypeError {
  return new TypeError(
    `message must hold {body}, {time}, {method}, {url}, {header:name} or {query:name} in braces, got ${template}`,
  )
}

/** A signed message: a string (signed as its UTF-8 bytes), bytes, or a list of strings and bytes that are joined. */
export type SignedMessage = string | Uint8Array | readonly (string | Uint8Array)[]

export function messageParts(message: SignedMessage): readonly (string | Uint8Array)[] {
  return typeof message === 'string' || message instanceof Uint8Array ? [message] : message
}

/** Returns the message as bytes, for algorithms that accept no parts. */
export function messageBytes(message: SignedMessage): Uint8Array {
  if (typeof message === 'string' || message instanceof Uint8Array) return toBuffer(message)
  return concat(message.map((part) => toBuffer(part)))
}

export type HashName = 'sha1' | 'sha256' | 'sha384' | 'sha512'

export type SignatureEncoding = 'hex' | 'base64' | 'base64url'

const DECODE = { hex: fromHex, base64: fromBase64, base64url: fromBase64url }

/** Returns the bytes of a signature; undefined if the text is not the canonical form of the encoding. */
export function decodeSignature(text: string, encoding: SignatureEncoding): Uint8Array | undefined {
  const bytes = DECODE[encoding](text)
  return bytes && encode(bytes, encoding) === text ? bytes : undefined
}
