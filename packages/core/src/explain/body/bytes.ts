import type { Bounds } from '../bounds.ts'
import type { FindingCause, Change, PlainRequest, Clue } from '../finding.ts'
import { toBuffer, textBytes, utf8 } from '../../body/bytes.ts'

const CR = 13
const LF = 10
const BOM = [0xef, 0xbb, 0xbf] as const

/**
 * Yields bodies with other line ends, with other whitespace at start and end, or with or without a byte order mark. The
 * body is not parsed, so it may be of any size and format.
 */
export function* bodyBytes(request: PlainRequest, bounds: Bounds): Generator<Change> {
  const { body } = request
  const room = createRoom()
  const undo = (bytes: Uint8Array, step: Clue): Change => ({
    request: { ...request, body: bytes },
    steps: [step],
  })
  if (BOM.every((byte, at) => body[at] === byte)) yield undo(body.subarray(3), MARK)
  for (const end of lineEnds(body)) yield undo(body.subarray(0, end), lineBreaks(body.length - end))
  const blank = inner(body)
  if (blank.length < body.length) yield undo(blank, BLANKS)
  for (const end of ['\n', '\r\n', '\r', ' ', '\n\n', '\0'])
    yield undo(joinParts(room, body, end), NO_END)
  for (const [isCrlf, clue] of [
    [false, CAME_AS_CRLF],
    [true, CAME_AS_LF],
  ] as const) {
    const bytes = body.includes(LF) ? withLineEnds(room, body, isCrlf, bounds) : undefined
    if (bytes) yield undo(bytes, clue)
  }
  yield undo(joinParts(room, '\uFEFF', body), NO_MARK)
  yield undo(joinParts(room, '\n', body), NO_START)
}

export const RAW =
  'give the receiver the exact bytes of the request: mount it before any body parser, and do not let a proxy rewrite bodies'

export function bodyClue(cause: FindingCause, message: string): Clue {
  return { cause, message, remedy: RAW }
}

export const MARK: Clue = bodyClue(
  'body-bom',
  'the body starts with a byte order mark that was not signed',
)
const NO_MARK = bodyClue('body-bom', 'the body lacks the byte order mark that was signed')
const BLANKS = bodyClue(
  'body-trailing-newline',
  'the body has whitespace around it that was not signed',
)
const NO_START = bodyClue('body-trimmed', 'the body lacks whitespace at its start')
const NO_END = bodyClue('body-trimmed', 'the body lacks whitespace at its end that was signed')
const CAME_AS_CRLF = bodyClue(
  'body-crlf',
  'line ends of the body were LF when it was signed, and came as CRLF',
)
const CAME_AS_LF = bodyClue(
  'body-crlf',
  'line ends of the body were CRLF when it was signed, and came as LF',
)

export function lineBreaks(count: number): Clue {
  return bodyClue(
    'body-trailing-newline',
    `the body ends with a line break that was not signed (${count} bytes at its end)`,
  )
}

/**
 * Yields positions at which the signed body may have ended: before the last line break, or before the last two, three
 * or four.
 */
function* lineEnds(body: Uint8Array): Generator<number> {
  let end = body.length
  for (let count = 0; count < 4 && end > 0 && body[end - 1] === LF; count++) {
    if (body[end - 2] === CR) {
      yield end - 2
      // The signed body may have ended with CR. Then another program added only the LF.
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
 * Returns memory for one edited body. All large edits share one buffer, since 10 copies of 25 MB would need 250 MB. So
 * each large edit overwrites the previous one, which is no longer needed.
 */
type RoomForEdits = (length: number) => Uint8Array

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
 * Writes each line end as CRLF, or as LF. Returns undefined if that changes nothing or the bounds are used up.
 */
function withLineEnds(
  room: RoomForEdits,
  body: Uint8Array,
  isCrlf: boolean,
  bounds: Bounds,
): Uint8Array | undefined {
  let ends = 0
  if (isCrlf) for (let at = body.indexOf(LF); at >= 0; at = body.indexOf(LF, at + 1)) ends++
  const out = room(body.length + ends)
  let length = 0
  for (let at = 0; at < body.length; at++) {
    if (at % STRIDE === 0 && bounds.over()) return undefined
    if (isCrlf && body[at] === LF && body[at - 1] !== CR) out[length++] = CR
    if (isCrlf || body[at] !== CR || body[at + 1] !== LF) out[length++] = body[at]!
  }
  return length === body.length ? undefined : out.subarray(0, length)
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
    steps: [bodyClue('body-charset', `the text of the body ${says}`)],
  }
}
