import { toBuffer, utf8 } from '../../body/bytes.ts'
import { bodyClue, lineBreaks } from './bytes.ts'
import type { Bounds } from '../bounds.ts'
import type { Change, FindingCause, PlainRequest } from '../finding.ts'
import { orders } from '../orders.ts'

const FIELDS = 1000

export function* reencoded(request: PlainRequest, bounds: Bounds): Generator<Change> {
  const found = formText(request)
  if (found === undefined) return
  // No library that writes forms adds a line break at the end, so another program added it.
  const text = found.replace(/[\r\n]+$/, '')
  const more = found === text ? [] : [lineBreaks(found.length - text.length)]
  const fields = fieldsOf(text)
  if (!fields) return
  const change = (body: string, cause: FindingCause, message: string): Change => ({
    request: { ...request, body: toBuffer(body) },
    steps: [bodyClue(cause, message), ...more],
  })
  const tried = new Set([text])
  for (const write of WRITERS) {
    if (bounds.over()) return
    const body = fields.map((pair) => written(pair, write)).join('&')
    if (tried.has(body)) continue
    tried.add(body)
    yield change(
      body,
      'form-reencoded',
      'the form was parsed and written again: its escapes differ from the signed ones',
    )
  }
  for (const order of orders(text.split('&'))) {
    const body = order.join('&')
    if (body !== text)
      yield change(
        body,
        'parameters-order',
        'the fields of the form arrived in a different order from the signed one',
      )
  }
}

/** How a library escapes forms: the characters that it keeps, the form of a space, and the case of hex digits. */
interface FormWriter {
  readonly kept: RegExp
  readonly space: '+' | '%20'
  readonly lower?: boolean
}

const KEPT = [
  /[\w.*-]/, // URLSearchParams, Java
  /[\w.~-]/, // RFC 3986: PHP, Ruby, Go, Python
  /[\w.!~*'()-]/, // encodeURIComponent
  /[\w.-]/, // PHP before 5.3
  /[\w.~!*'()/:?@;,$-]/, // curl, and forms written by hand
  /[\w.~/-]/, // Python's quote
]

export const WRITERS: readonly FormWriter[] = [false, true].flatMap((lower) =>
  KEPT.flatMap((kept) => (['+', '%20'] as const).map((space) => ({ kept, space, lower }))),
)

export function written(pair: readonly string[], writer: FormWriter): string {
  return pair.map((text) => encoded(text, writer)).join('=')
}

export function fieldsOf(text: string): readonly (readonly string[])[] | undefined {
  const parts = text.split('&', FIELDS + 1)
  if (parts.length > FIELDS) return undefined
  try {
    return parts.map((part) => {
      const equals = part.indexOf('=')
      const pair = equals < 0 ? [part] : [part.slice(0, equals), part.slice(equals + 1)]
      return pair.map((one) => decodeURIComponent(one.replaceAll('+', ' ')))
    })
  } catch {
    return undefined
  }
}

function encoded(text: string, { kept, space, lower }: FormWriter): string {
  let out = ''
  for (const byte of toBuffer(text)) {
    const character = String.fromCharCode(byte)
    if (byte < 0x80 && kept.test(character)) out += character
    else if (byte === 0x20) out += space
    else {
      const hex = byte.toString(16).padStart(2, '0')
      out += `%${lower ? hex : hex.toUpperCase()}`
    }
  }
  return out
}

/** Returns the text of a form. A JSON object that has only strings may be a parsed form, and is converted back. */
function formText(request: PlainRequest): string | undefined {
  const text = utf8(request.body)
  if (/^[^\s{[<"]+=/.test(text) && !text.trimEnd().includes('\n')) return text
  if (/^[\w.%+[\]-]+=/.test(text)) return text
  if (!/^\s*\{/.test(text) || text.length > 65_536) return undefined
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, unknown>)
    if (entries.length === 0 || !entries.every(([, value]) => typeof value === 'string'))
      return undefined
    return entries
      .map((pair) => pair.map((one) => encodeURIComponent(one as string)).join('='))
      .join('&')
  } catch {
    return undefined
  }
}
