import { toBuffer } from './bytes.ts'
import { WebhookError } from '../errors.ts'
import { decodeText } from './text.ts'

/**
 * The fields of an `application/x-www-form-urlencoded` text, in order. A stray `%` stands for itself.
 *
 * @param fields - more than so many fields are refused; they are counted before anything is parsed.
 * @param charset - of the percent-encoded bytes; UTF-8 where it is undefined.
 * @throws WebhookError `malformed_body` for too many fields; `unsupported_encoding` for a charset nobody knows.
 */
export function parseForm(text: string, fields: number, charset?: string): URLSearchParams {
  let count = 1
  for (let i = text.indexOf('&'); i !== -1; i = text.indexOf('&', i + 1)) {
    if (++count > fields) {
      throw new WebhookError(
        'malformed_body',
        `the form or query has more fields than limits.fields (${fields})`,
      )
    }
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8')
    return parseLegacy(text, charset)
  // URLSearchParams takes a leading question mark for the start of a query; in a form it belongs to the first name.
  return new URLSearchParams(text.startsWith('?') ? `&${text}` : text)
}

/** The fields as a plain object; a repeated one is an array of its values in order, and `__proto__` is left out. */
export function formToObject(params: URLSearchParams): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {}
  // The iterator of URLSearchParams makes two objects for each field.
  params.forEach((value, name) => addField(object, name, value))
  return object
}

/** Adds a value to the field of that name: the first is a text, more of them an array. */
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

function parseLegacy(text: string, charset: string): URLSearchParams {
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

function unescapeField(text: string, charset: string): string {
  const spaced = text.replaceAll('+', ' ')
  if (!spaced.includes('%')) return spaced
  // In Shift_JIS and its like the second byte of a character can be a letter, which a sender leaves unescaped: escaped
  // and plain ASCII are therefore decoded as one run of bytes.
  return spaced.replace(/\p{ASCII}+/gu, (run) => decodeText(percentDecode(run), charset))
}

function percentDecode(ascii: string): Uint8Array {
  const bytes = toBuffer(ascii)
  let length = 0
  for (let i = 0; i < bytes.length; i++, length++) {
    const escaped = bytes[i] === 0x25 && /^[0-9a-fA-F]{2}$/.test(ascii.slice(i + 1, i + 3))
    bytes[length] = escaped ? Number.parseInt(ascii.slice(i + 1, i + 3), 16) : (bytes[i] ?? 0)
    if (escaped) i += 2
  }
  return bytes.subarray(0, length)
}
