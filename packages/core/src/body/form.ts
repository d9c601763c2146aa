import { toBuffer, utf8, decodeText } from './bytes.ts'
import { WebhookError } from '../errors.ts'

/**
 * Parses an `application/x-www-form-urlencoded` string to its fields, in order. A `%` without two hex digits after it
 * stays as it is.
 *
 * @param fields - maximum number of fields; more are rejected. Fields are counted before they are parsed.
 * @param option - name of the option that sets `fields`, for the error message.
 * @param charset - charset of the percent-encoded bytes; undefined means UTF-8.
 * @throws WebhookError `malformed_body` for too many fields; `unsupported_encoding` for an unknown charset.
 */
export function parseForm(
  text: string,
  fields: number,
  charset?: string,
  option = 'limits.fields',
): URLSearchParams {
  let count = 1
  for (let i = text.indexOf('&'); i !== -1; i = text.indexOf('&', i + 1)) {
    if (++count > fields) {
      throw new WebhookError('malformed_body', {
        problem: 'too_many_fields',
        got: 'form or query',
        option,
        limit: fields,
      })
    }
  }
  const params = new URLSearchParams()
  for (const pair of text.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = equals === -1 ? pair : pair.slice(0, equals)
    const value = equals === -1 ? '' : pair.slice(equals + 1)
    params.append(unescapeField(name, charset), unescapeField(value, charset))
  }
  return params
}

/** Returns the fields as a plain object. A repeated field becomes an array, and `__proto__` is left out. */
export function formToObject(params: URLSearchParams): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {}
  // `forEach` is cheaper than the iterator, which makes two objects per field.
  params.forEach((value, name) => addField(object, name, value))
  return object
}

export function addField(
  object: Record<string, string | string[]>,
  name: string,
  value: string,
): void {
  if (name === '__proto__') return
  const known = object[name]
  if (known === undefined || !Object.hasOwn(object, name)) object[name] = value
  else if (typeof known === 'string') object[name] = [known, value]
  else known.push(value)
}

/** Decodes `+` and `%XX` in one pass. URLSearchParams would need 40 to 80 ms for a MiB of these escapes. */
function unescapeField(text: string, charset: string | undefined): string {
  if (!/[+%]/.test(text)) return text
  if (charset === undefined || charset === 'utf-8' || charset === 'utf8') return utf8(undone(text))
  // A charset such as Shift_JIS uses ASCII letters as second bytes of characters, and senders leave these letters
  // unescaped. So escapes are decoded together with the ASCII characters next to them.
  let field = ''
  for (let at = 0; at < text.length;) {
    const start = at
    const ascii = text.charCodeAt(at) < 0x80
    while (at < text.length && text.charCodeAt(at) < 0x80 === ascii) at++
    const run = text.slice(start, at)
    field += ascii ? decodeText(undone(run), charset) : run
  }
  return field
}

function undone(text: string): Uint8Array {
  const bytes = toBuffer(text)
  let length = 0
  for (let at = 0; at < bytes.length; at++, length++) {
    const byte = bytes[at]!
    if (byte === PLUS) bytes[length] = SPACE
    else if (byte === PERCENT) {
      const high = hexDigit(bytes[at + 1])
      const low = hexDigit(bytes[at + 2])
      if (high < 0 || low < 0) bytes[length] = byte
      else {
        bytes[length] = high * 16 + low
        at += 2
      }
    } else bytes[length] = byte
  }
  return bytes.subarray(0, length)
}

const PLUS = 0x2b
const SPACE = 0x20
const PERCENT = 0x25

function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
