import type { Delivery } from '../../delivery.ts'
import type { KeptRequest } from '../../inbox/journal.ts'
import type { Provider } from '../../provider/provider.ts'
import { isCredentialName, isNamed, plain } from './judge.ts'
import { MASK, placesOf, type CredentialPlace, withParameters } from './places.ts'
import { SENDER_CREDENTIALS } from './senders.ts'
import { textBytes, toBuffer } from '../../body/bytes.ts'

/** Headers that are always kept of a rejected delivery, in addition to those that its provider reads. */
const ALWAYS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'host',
  'user-agent',
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
])

// Senders that sign in this header name a scheme of their own. Any other value is a token or a password.
const SIGNATURE = /^(?:hmac|signature)[\s-]/i

/**
 * Makes the part of a rejected delivery that may be kept. Any sender may have sent it, so the credentials of all senders
 * count. A credential is masked, and a header that this provider does not read is left out. Signatures stay, for `explain`.
 */
export function masker(provider: Provider): (delivery: Delivery) => KeptRequest {
  const { credentials = {}, signatures = [] } = provider
  const own = (kind: 'headers' | 'query' | 'fields'): readonly string[] =>
    (credentials[kind] ?? []).filter((name) => !signatures.includes(name))
  const headers = new Set(own('headers').map(plain))
  const query = new Set(own('query'))
  const fields = own('fields')
  const places = placesOf([...SENDER_CREDENTIALS.fields, ...fields])
  // The credential of this sender may be anywhere in a text or in bytes.
  const isOpaque =
    fields.length > 0 &&
    (provider.formats ?? ['json']).every((format) => format === 'text' || format === 'bytes')

  return (delivery) => {
    const masked = new Set<string>()
    const url = withParameters(delivery.url, (part, name) => {
      if (!query.has(name) && !isCredentialName(name)) return part
      masked.add(`query ${name}`)
      return `${part.split('=', 1)[0]}=${MASK}`
    })
    const body =
      isOpaque && delivery.body.length > 0
        ? NOTHING
        : maskBody(delivery.body, places, fields.length > 0)
    for (const place of body.masked) masked.add(place)
    const lines = kept(delivery, masked, body.bytes.length - delivery.body.length)
    return {
      url,
      headers: lines,
      body: body.bytes,
      ...(masked.size > 0 && { masked: [...masked] }),
    }
  }

  function kept(
    delivery: Delivery,
    masked: Set<string>,
    longer: number,
  ): KeptRequest['headers'][number][] {
    const reads = new Set(provider.reads?.(delivery).map(plain) ?? claimed())
    const lines: [string, string][] = []
    for (const [given, value] of delivery.headerLines()) {
      const name = plain(given)
      if (!ALWAYS.has(name) && !isNamed(name, reads)) continue
      if (name === 'content-length') lines.push([given, lengthOf(value, longer)])
      else if (!isCredential(name, value, reads)) lines.push([given, value])
      else {
        lines.push([given, MASK])
        masked.add(`header ${given}`)
      }
    }
    return lines
  }

  function isCredential(name: string, value: string, reads: ReadonlySet<string>): boolean {
    if (isNamed(name, headers)) return true
    if (!isCredentialName(name)) return false
    return !(name === 'authorization' && reads.has(name) && SIGNATURE.test(value))
  }

  function claimed(): readonly string[] {
    return provider.claims === undefined ? [] : [plain(provider.claims)]
  }
}

// The masked body may be longer than the sent one. Without a correction, `explain` would call it truncated.
function lengthOf(value: string, longer: number): string {
  const length = Number(value)
  return longer === 0 || !Number.isInteger(length) ? value : String(Math.max(length + longer, 0))
}

interface Masked {
  readonly bytes: Uint8Array
  /** Places of the masked values: `field value[].clientState`, or `body` if nothing of the body may be kept. */
  readonly masked: readonly string[]
}

/** A value to mask in a text, from one character to another, exclusive. */
interface TextSpan {
  readonly from: number
  readonly to: number
  readonly path: string
  readonly mask: string
}

/** The values to mask in a text, and whether all of the text could be read. */
interface TextSpans {
  readonly spans: readonly TextSpan[]
  readonly isRead: boolean
}

const NOTHING: Masked = { bytes: new Uint8Array(0), masked: ['body'] }

/**
 * Returns a body with its credentials masked, and all other bytes as they came. Its bytes decide how it is read, since any
 * sender may have sent it. A body that cannot be read is kept if it contains no name of a credential.
 *
 * @param isStrict - nothing is kept of what cannot be read, nor of JSON that is not an object: the credential of the sender
 * that is expected may be anywhere in it.
 */
function maskBody(body: Uint8Array, places: CredentialPlace, isStrict: boolean): Masked {
  if (body.length === 0) return { bytes: body, masked: [] }
  // Nothing is decompressed before verification, so the content is unknown.
  if (isCompressed(body)) return NOTHING
  // One character per byte, so that positions in the text are positions in the bytes. All names are ASCII.
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
  // A byte order mark and blanks may come first.
  const first = /[^\s\u00EF\u00BB\u00BF]/.exec(text)?.[0]
  if (first === '{' || (first === '[' && !isStrict)) return membersIn(text, places)
  if (first === '<') return elementsIn(text, places)
  if (first === '-' && /^\s*--/.test(text)) return partsIn(text, places)
  if (text.includes('=') && !/[\0\s"]/.test(text)) return fieldsIn(text, places)
  return { spans: [], isRead: false }
}

/** Returns true if a text contains the last name of some path, in any coding. */
function mentions(text: string, places: CredentialPlace): boolean {
  // UTF-16 without its zeros is ASCII.
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

function isCompressed(body: Uint8Array): boolean {
  const [a, b, c, d] = body
  if (a === 0x1f && b === 0x8b) return true
  if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) return true
  return a === 0x78 && b !== undefined && ((a << 8) | b) % 31 === 0
}

/** Finds the values at places of a form: `passcode=…`, `value[0][clientState]=…`. */
function fieldsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  let from = 0
  for (const part of text.split('&')) {
    const equals = part.indexOf('=')
    if (equals >= 0) {
      const name = [...new URLSearchParams(part).keys()][0] ?? ''
      if (isCredential(name, places))
        spans.push({ from: from + equals + 1, to: from + part.length, path: name, mask: MASK })
    }
    from += part.length + 1
  }
  return { spans, isRead: true }
}

/** Finds the values at places of a multipart body, whose boundary is its first line. */
function partsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const boundary = /--[^\r\n]{1,70}/.exec(text)?.[0]
  if (boundary === undefined) return { spans, isRead: false }
  let from = text.indexOf(boundary)
  while (from >= 0) {
    const end = text.indexOf(boundary, from + boundary.length)
    const to = end < 0 ? text.length : end
    const blank = /\r?\n\r?\n/.exec(text.slice(from, to))
    const head = blank ? text.slice(from, from + blank.index) : ''
    const name = /[;\s]name="?([^";\r\n]*)/i.exec(head)?.[1] ?? ''
    if (blank && isCredential(name, places)) {
      const start = from + blank.index + blank[0].length
      const last = text.slice(start, to).replace(/\r?\n$/, '').length
      spans.push({ from: start, to: start + last, path: name, mask: MASK })
    }
    from = end
  }
  return { spans, isRead: true }
}

function isCredential(name: string, places: CredentialPlace): boolean {
  if (places.members.get(name)?.isCredential) return true
  let at: CredentialPlace | undefined = places
  for (const part of name.split(/[[\].]+/)) {
    if (part === '' && at !== places) continue
    at = at?.members.get(part) ?? (/^\d*$/.test(part) ? at?.items : undefined)
  }
  return at?.isCredential === true
}

/** Finds the texts at places of an XML body. Prefixes of names are ignored: `Envelope.Body.notifications.SessionId`. */
function elementsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const stack: {
    readonly name: string
    readonly place: CredentialPlace | undefined
    readonly path: string
  }[] = []
  /** Where the text of a credential starts; -1 outside of one. */
  let from = -1
  let at = text.indexOf('<')
  while (at >= 0) {
    const skipped = skip(text, at)
    if (skipped !== undefined) at = text.indexOf('<', skipped)
    else {
      const end = text.indexOf('>', at)
      if (end < 0) break
      tag(text.slice(at + 1, end), at, end + 1)
      at = text.indexOf('<', end)
    }
  }
  if (from >= 0) mask(text.length)
  return { spans, isRead: true }

  function tag(inner: string, start: number, after: number): void {
    const top = stack.at(-1)
    if (inner.startsWith('/')) {
      if (from >= 0 && top?.place?.isCredential) mask(start)
      stack.pop()
      return
    }
    const name = /^[^\s/]+/.exec(inner)?.[0].replace(/^.*:/, '') ?? ''
    const place = (top ? top.place : places)?.members.get(name)
    if (inner.endsWith('/')) return
    stack.push({ name, place, path: top ? `${top.path}.${name}` : name })
    if (place?.isCredential && from < 0) from = after
  }

  function mask(to: number): void {
    if (to > from) spans.push({ from, to, path: stack.at(-1)?.path ?? '', mask: MASK })
    from = -1
  }
}

const SKIPPED = [
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
  ['<?', '?>'],
  ['<!', '>'],
] as const

function skip(text: string, at: number): number | undefined {
  const found = SKIPPED.find(([start]) => text.startsWith(start, at))
  if (!found) return undefined
  const end = text.indexOf(found[1], at)
  return end < 0 ? text.length : end
}

const TOKEN = /"[^"\\]*(?:\\[^][^"\\]*)*"?|[{}[\],:]|[^\s"{}[\],:]+/g

interface Frame {
  readonly isList: boolean
  /** Undefined if no credential can be inside. */
  readonly place: CredentialPlace | undefined
  readonly path: string
  /** Name of the current member; undefined until it is read. */
  name: string | undefined
  colon: boolean
}

/** Finds the values at places of a JSON text, which may be cut off. Of several values in a row, each is read from the top. */
function membersIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const stack: Frame[] = []
  /** The value that is being masked: its start, and the number of open frames around it. */
  let open: { readonly from: number; readonly path: string; readonly depth: number } | undefined
  let isRead = true

  for (const match of text.matchAll(TOKEN)) {
    const [token] = match
    const frame = stack.at(-1)
    if (token === ',') next(frame)
    else if (token === ':') colon(frame)
    else if (token === '}' || token === ']') close(token, match.index + 1)
    else if (frame && !frame.isList && frame.name === undefined) name(frame, token)
    else value(token, match.index, frame)
  }
  if (open) end(text.length)
  return { spans, isRead }

  function value(token: string, from: number, frame: Frame | undefined): void {
    if (frame && !frame.isList && !frame.colon) isRead = false
    const place = below(frame)
    const path = pathOf(frame)
    const isDeep = token === '{' || token === '['
    if (place?.isCredential && !open && token !== 'null' && token !== '""') {
      open = { from, path, depth: stack.length }
      if (!isDeep) end(from + token.length)
    }
    if (isDeep) stack.push({ isList: token === '[', place, path, name: undefined, colon: false })
  }

  function close(token: string, to: number): void {
    const frame = stack.pop()
    if (frame?.isList !== (token === ']')) isRead = false
    if (open && stack.length <= open.depth) end(to)
  }

  function end(to: number): void {
    spans.push({ from: open!.from, to, path: open!.path, mask: JSON.stringify(MASK) })
    open = undefined
  }

  function next(frame: Frame | undefined): void {
    if (!frame) isRead = false
    else frame.name = undefined
    if (frame) frame.colon = false
  }

  function colon(frame: Frame | undefined): void {
    if (!frame || frame.isList || frame.name === undefined || frame.colon) isRead = false
    else frame.colon = true
  }

  function name(frame: Frame, token: string): void {
    frame.name = decoded(token)
    if (frame.name === undefined) {
      isRead = false
      frame.name = token
    }
  }

  function below(frame: Frame | undefined): CredentialPlace | undefined {
    if (!frame) return places
    return frame.isList ? frame.place?.items : frame.place?.members.get(frame.name ?? '')
  }
}

function pathOf(frame: Frame | undefined): string {
  if (!frame) return ''
  if (frame.isList) return `${frame.path}[]`
  return frame.path === '' ? (frame.name ?? '') : `${frame.path}.${frame.name ?? ''}`
}

/** Returns the name of a member; undefined if the token is not a string. */
function decoded(token: string): string | undefined {
  if (!token.startsWith('"')) return undefined
  try {
    return JSON.parse(token) as string
  } catch {
    // The token is cut off, or has a control character.
    return token.slice(1)
  }
}
