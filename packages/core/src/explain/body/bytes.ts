import type { Bounds } from '../bounds.ts'
import type { FindingCause, Change, PlainRequest, Clue } from '../finding.ts'
import { toBuffer, textBytes, utf8 } from '../../body/bytes.ts'

const CR = 13
const LF = 10
const BOM = [0xef, 0xbb, 0xbf] as const

/**
 * Yields bodies with different line ends, whitespace at start and end, or byte order mark. The body is not parsed, so
 * any size is possible.
 */
export function* bodyBytes(request: PlainRequest, bounds: Bounds): Generator<Change> {
  const { body } = request
  const room = createRoom()
  const undo = (bytes: Uint8Array, step: Clue): Change => ({
    request: { ...request, body: bytes },
    steps: [step],
  })
  const make = (bytes: Uint8Array, cause: FindingCause, message: string): Change =>
    undo(bytes, stepOf(cause, message))
  if (BOM.every((byte, at) => body[at] === byte)) yield undo(body.subarray(3), MARK)
  if (bounds.over()) return
  for (const end of lineEnds(body)) yield undo(body.subarray(0, end), lineBreaks(body.length - end))
  const blank = inner(body)
  if (blank.length < body.length)
    yield make(
      blank,
      'body-trailing-newline',
      'the body has whitespace around it that was not signed',
    )
  for (const end of ['\n', '\r\n', '\r', ' ', '\n\n', '\0']) {
    if (bounds.over()) return
    yield make(
      joinParts(room, body, end),
      'body-trimmed',
      'the body lacks whitespace at its end that was signed',
    )
  }
  if (body.includes(LF)) {
    if (body.includes(CR)) {
      const bytes = replaced(room, body, CR, LF, bounds)
      if (bytes)
        yield make(
          bytes,
          'body-crlf',
          'line ends of the body were LF when it was signed, and came as CRLF',
        )
    }
    const bytes = swapped(room, body, bounds)
    if (bytes)
      yield make(
        bytes,
        'body-crlf',
        'line ends of the body were CRLF when it was signed, and came as LF',
      )
  }
  if (bounds.over()) return
  yield make(
    joinParts(room, '\uFEFF', body),
    'body-bom',
    'the body lacks the byte order mark that was signed',
  )
  yield make(joinParts(room, '\n', body), 'body-trimmed', 'the body lacks whitespace at its start')
}

export const RAW =
  'give the receiver the exact bytes of the request: mount it before any body parser, and do not let a proxy rewrite bodies'

export const MARK: Clue = stepOf(
  'body-bom',
  'the body starts with a byte order mark that was not signed',
)

export function lineBreaks(count: number): Clue {
  return stepOf(
    'body-trailing-newline',
    `the body ends with a line break that was not signed (${count} bytes at its end)`,
  )
}

function stepOf(cause: FindingCause, message: string): Clue {
  return { cause, message, remedy: RAW }
}

/**
 * Yields the end positions of the body without its last line break, without its last two line breaks, and so on, up to
 * four.
 */
function* lineEnds(body: Uint8Array): Generator<number> {
  let end = body.length
  for (let count = 0; count < 4 && end > 0 && body[end - 1] === LF; count++) {
    if (body[end - 2] === CR) {
      yield end - 2
      // If the body was signed with CR at its end, only the LF was added.
      yield end - 1
      end -= 2
    } else yield --end
  }
}

function inner(body: Uint8Array): Uint8Array {
  let start = 0
  let end = body.length
  while (start < end && isBlank(body[start]!)) start++
  while (end > start && isBlank(body[end - 1]!)) end--
  return body.subarray(start, end)
}

function isBlank(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13)
}

const STRIDE = 1 << 20

/**
 * Returns memory for one edited body. Edits of a large body share one buffer: an edit is no longer needed when the next
 * one is made.
 */
type RoomForEdits = (length: number) => Uint8Array

/** One buffer for all large edits: a copy for each of 10 edits of 25 MB would need 250 MB. */
function createRoom(): RoomForEdits {
  let kept = new Uint8Array(0)
  return (length) => {
    if (length < STRIDE) return new Uint8Array(length)
    if (kept.length < length) kept = new Uint8Array(length)
    return kept.subarray(0, length)
  }
}

function joinParts(room: RoomForEdits, ...parts: readonly (Uint8Array | string)[]): Uint8Array {
  const buffers = parts.map((part) => toBuffer(part))
  const all = room(buffers.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of buffers) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/**
 * Removes each byte `first` that is directly before a byte `second`. Returns undefined if nothing changed or the bounds
 * are used up.
 */
function replaced(
  room: RoomForEdits,
  body: Uint8Array,
  first: number,
  second: number,
  bounds: Bounds,
): Uint8Array | undefined {
  const out = room(body.length)
  let length = 0
  for (let at = 0; at < body.length; at++) {
    if (at % STRIDE === 0 && bounds.over()) return undefined
    if (body[at] !== first || body[at + 1] !== second) out[length++] = body[at]!
  }
  return length === body.length ? undefined : out.subarray(0, length)
}

/**
 * Replaces each LF that has no CR before it with CR LF. Returns undefined if there is none or the bounds are used up.
 */
function swapped(room: RoomForEdits, body: Uint8Array, bounds: Bounds): Uint8Array | undefined {
  let alone = 0
  for (let at = body.indexOf(10); at >= 0; at = body.indexOf(10, at + 1)) {
    if (body[at - 1] !== 13) alone++
    if (alone % 4096 === 1 && bounds.over()) return undefined
  }
  if (alone === 0) return undefined
  const out = room(body.length + alone)
  let length = 0
  for (let at = 0; at < body.length; at++) {
    if (at % STRIDE === 0 && bounds.over()) return undefined
    if (body[at] === 10 && body[at - 1] !== 13) out[length++] = 13
    out[length++] = body[at]!
  }
  return out
}

// The characters that Windows-1252 has in place of the control characters of Latin-1
// (https://encoding.spec.whatwg.org/windows-1252).
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008DŽ\u008F\u0090‘’“”•–—˜™š›œ\u009DžŸ'

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

/** Encodes a string in Windows-1252. Returns undefined if that is impossible. */
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
