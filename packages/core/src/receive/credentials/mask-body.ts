import { textBytes, toBuffer } from '../../body/bytes.ts'
import { fieldsIn, partsIn } from './mask-form.ts'
import { membersIn } from './mask-json.ts'
import { elementsIn } from './mask-xml.ts'
import type { Masked, TextSpans } from './masked.ts'
import type { CredentialPlace } from './places.ts'

/** A body of which nothing may be kept. */
export const NOTHING: Masked = { bytes: new Uint8Array(0), masked: ['body'] }

/**
 * A body with its credentials masked, and all other bytes as they came. Its bytes say how it is read, since it may be of
 * any sender. What cannot be read is kept if it has no name of a credential in it.
 *
 * @param isStrict - nothing is kept of what cannot be read, nor of JSON that is no object: the credential of the sender
 * that is expected may be anywhere in it.
 */
export function maskBody(body: Uint8Array, places: CredentialPlace, isStrict: boolean): Masked {
  if (body.length === 0) return { bytes: body, masked: [] }
  // Before a delivery is verified nothing is inflated, so nobody knows what is in it.
  if (isCompressed(body)) return NOTHING
  // One character for each byte, so that places in the text are places in the bytes; all names are ASCII.
  const text = toBuffer(body).toString('latin1')
  const { spans, isRead } = spansIn(text, places, isStrict)
  if (!isRead && (isStrict || mentions(text, places))) return NOTHING
  if (spans.length === 0) return { bytes: body, masked: [] }
  const parts: string[] = []
  let at = 0
  for (const { from, to, mask } of spans) {
    parts.push(text.slice(at, from), mask)
    at = to
  }
  parts.push(text.slice(at))
  return {
    bytes: textBytes(parts.join(''), 'latin1'),
    masked: [...new Set(spans.map(({ path }) => `field ${path}`))],
  }
}

function spansIn(text: string, places: CredentialPlace, isStrict: boolean): TextSpans {
  // A byte order mark and blanks may stand before all of them.
  const first = /[^\s\u00EF\u00BB\u00BF]/.exec(text)?.[0]
  if (first === '{' || (first === '[' && !isStrict)) return membersIn(text, places)
  if (first === '<') return elementsIn(text, places)
  if (first === '-' && /^\s*--/.test(text)) return partsIn(text, places)
  if (text.includes('=') && !/[\0\s"]/.test(text)) return fieldsIn(text, places)
  return { spans: [], isRead: false }
}

/** True if a text has the last name of some path in it, in whatever coding. */
function mentions(text: string, places: CredentialPlace): boolean {
  // Without zeros UTF-16 is ASCII.
  const bare = text
    .replaceAll('\0', '')
    .replaceAll(/(?:%|\\u00)([\da-f]{2})/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .toLowerCase()
  return [...namesIn(places)].some((name) => bare.includes(name.toLowerCase()))
}

function* namesIn({ members, items }: CredentialPlace): Generator<string> {
  for (const [name, one] of members) {
    if (one.isCredential || one.items?.isCredential) yield name
    yield* namesIn(one)
  }
  if (items) yield* namesIn(items)
}

/** The magic bytes of gzip, Zstandard and zlib. */
function isCompressed(body: Uint8Array): boolean {
  const [a, b, c, d] = body
  if (a === 0x1f && b === 0x8b) return true
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return true
  return a === 0x78 && b !== undefined && ((a << 8) | b) % 31 === 0
}
