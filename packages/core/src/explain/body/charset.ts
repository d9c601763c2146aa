import { textBytes, toBuffer, utf8 } from '../../body/bytes.ts'
import type { Change, PlainRequest } from '../finding.ts'
import { RAW } from './bytes.ts'

// What Windows-1252 has where Latin-1 has control characters (https://encoding.spec.whatwg.org/windows-1252).
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ'

/** Bodies whose text was decoded and encoded by another charset. */
export function* charsets(request: PlainRequest): Generator<Change> {
  const { body } = request
  const bytes = toBuffer(body)
  const utf16 = (body[0] === 0xff && body[1] === 0xfe) || (body[1] === 0 && body[0] !== 0)
  if (utf16) {
    const text = bytes.subarray(body[0] === 0xff ? 2 : 0).toString('utf16le')
    yield change(request, toBuffer(text), 'came as UTF-16 and was signed as UTF-8')
  }
  if (isAscii(body)) return
  const text = utf8(body)
  if (text.includes('\uFFFD')) {
    yield change(
      request,
      toBuffer(bytes.toString('latin1')),
      'came as Latin-1 and was signed as UTF-8',
    )
    yield change(request, toBuffer(widened(bytes)), 'came as Windows-1252 and was signed as UTF-8')
    return
  }
  const says = 'was read as Latin-1 or Windows-1252 and written as UTF-8'
  if (/^[\0-\xFF]*$/.test(text)) yield change(request, textBytes(text, 'latin1'), says)
  const narrow = narrowed(text)
  if (narrow) yield change(request, narrow, says)
  for (const form of ['NFC', 'NFD'] as const) {
    const other = text.normalize(form)
    if (other !== text)
      yield change(request, toBuffer(other), `had its characters composed another way (${form})`)
  }
}

function isAscii(body: Uint8Array): boolean {
  for (let at = 0; at < body.length; at++) if (body[at]! >= 0x80) return false
  return true
}

/** The bytes that Windows-1252 reads as this string; undefined if no bytes do. */
function narrowed(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const high =
      code < 0x80 || (code >= 0xa0 && code < 0x100) ? code : 0x80 + WINDOWS.indexOf(text[at]!)
    if (high === 0x7f) {
      if (code > 0xff) return undefined
      bytes[at] = code
    } else bytes[at] = high
  }
  return bytes
}

function widened(bytes: Uint8Array): string {
  return toBuffer(bytes)
    .toString('latin1')
    .replaceAll(/[\u0080-\u009F]/g, (character) => WINDOWS[character.charCodeAt(0) - 0x80]!)
}

function change(request: PlainRequest, body: Uint8Array, says: string): Change {
  return {
    request: { ...request, body },
    steps: [{ cause: 'body-charset', message: `the text of the body ${says}`, remedy: RAW }],
  }
}
