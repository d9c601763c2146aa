import type { Delivery } from '../../delivery.ts'
import type { KeptRequest } from '../../inbox/journal.ts'
import type { Provider } from '../../provider/provider.ts'
import { isCredentialName, isNamed, plain } from './judge.ts'
import { MASK, nameOf, placesOf, type CredentialPlace, withParameters } from './places.ts'
import { SENDER_CREDENTIALS } from './senders.ts'
import { textBytes, toBuffer } from '../../body/bytes.ts'

/** Headers of a rejected delivery that are always stored, in addition to the headers that the provider reads. */
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

// Matches an `authorization` header with a signature. Any other value is a token or a password.
const SIGNATURE = /^(?:hmac|signature)[\s-]/i

/**
 * Creates the function that returns the part of a rejected delivery that may be stored. Credentials of all known
 * senders are masked, since any sender may have sent the delivery. Headers that this provider does not read are left
 * out. Signatures stay, for `explain`.
 */
export function masker(provider: Provider): (delivery: Delivery) => KeptRequest {
  const { credentials = {}, signatures = [] } = provider
  const own = (kind: 'headers' | 'query' | 'fields'): readonly string[] =>
    (credentials[kind] ?? []).filter((name) => !signatures.includes(name))
  const headers = new Set(own('headers').map(plain))
  const query = new Set(own('query'))
  const fields = own('fields')
  const places = placesOf([...SENDER_CREDENTIALS.fields, ...fields])
  // In a text or in bytes, the credential of this sender may be anywhere, so the whole body is masked.
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
      else if (!isCredential(name, value)) lines.push([given, value])
      else {
        lines.push([given, MASK])
        masked.add(`header ${given}`)
      }
    }
    return lines
  }

  function isCredential(name: string, value: string): boolean {
    if (isNamed(name, headers)) return true
    return isCredentialName(name) && !(name === 'authorization' && SIGNATURE.test(value))
  }

  function claimed(): readonly string[] {
    return provider.claims === undefined ? [] : [plain(provider.claims)]
  }
}

// Masking changes the length of the body. With the wrong `content-length`, `explain` would report a truncated body.
function lengthOf(value: string, longer: number): string {
  const length = Number(value)
  return longer === 0 || !Number.isInteger(length) ? value : String(Math.max(length + longer, 0))
}

interface Masked {
  readonly bytes: Uint8Array
  /** Places of the masked values, such as `field value[].clientState`; `body` if nothing may be stored. */
  readonly masked: readonly string[]
}

/** A value to mask in a text: the index of its first character, and the index after its last one. */
interface TextSpan {
  readonly from: number
  readonly to: number
  readonly path: string
  readonly mask: string
}

/** The values to mask in a text. `isRead` is false if some of the text could not be read. */
interface TextSpans {
  readonly spans: readonly TextSpan[]
  readonly isRead: boolean
}

const NOTHING: Masked = { bytes: new Uint8Array(0), masked: ['body'] }

/**
 * Returns a body with its credentials masked and all other bytes unchanged. The bytes decide in which format the body
 * is read, since any sender may have sent it. An unreadable body is stored only if it contains no name of a credential.
 *
 * @param isStrict - true if the expected sender puts a credential in the body. Then an unreadable body, or JSON that is
 * not an object, is not stored at all, since the credential may be anywhere.
 */
function maskBody(body: Uint8Array, places: CredentialPlace, isStrict: boolean): Masked {
  if (body.length === 0) return { bytes: body, masked: [] }
  // This function does not decompress bodies, so the content is unknown.
  if (isCompressed(body)) return NOTHING
  // Latin-1 has one character per byte, so that positions in the text are positions in the bytes. All names are ASCII.
  const text = toBuffer(body).toString('latin1')
  const { spans, isRead } = spansIn(text, places, isStrict)
  if (!isRead && (isStrict || mentions(text, places))) return NOTHING
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
  // Skips a byte order mark and white space at the start.
  const first = /[^\s\u00EF\u00BB\u00BF]/.exec(text)?.[0]
  if (first === '{' || (first === '[' && !isStrict)) return membersIn(text, places)
  if (first === '<') return elementsIn(text, places)
  if (first === '-' && /^\s*--/.test(text)) return partsIn(text, places)
  if (text.includes('=') && !/[\0\s"]/.test(text)) return fieldsIn(text, places)
  return { spans: [], isRead: false }
}

/**
 * Returns true if a text contains the name of a credential, even if the name is escaped (`%XX`, `\u00XX`) or in UTF-16.
 */
function mentions(text: string, places: CredentialPlace): boolean {
  // ASCII text in UTF-16 becomes plain ASCII when its zero bytes are removed.
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
  return a === 0x78 && ((a << 8) | b!) % 31 === 0
}

/** Finds the values of credentials in a form: `passcode=…`, `value[0][clientState]=…`. */
function fieldsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  let from = 0
  for (const part of text.split('&')) {
    const equals = part.indexOf('=')
    if (equals >= 0) {
      const name = nameOf(part)
      if (isCredential(name, places))
        spans.push({ from: from + equals + 1, to: from + part.length, path: name, mask: MASK })
    }
    from += part.length + 1
  }
  return { spans, isRead: true }
}

/** Finds the values of credentials in a multipart body. The first line is its boundary. */
function partsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const boundary = /--[^\r\n]{1,70}/.exec(text)?.[0]
  if (boundary === undefined) return { spans, isRead: false }
  let next = 0
  for (let from = text.indexOf(boundary); from >= 0; from = next) {
    next = text.indexOf(boundary, from + boundary.length)
    const part = text.slice(from, next < 0 ? undefined : next)
    const head = /^[^]*?\r?\n\r?\n/.exec(part)?.[0]
    if (head === undefined) continue
    const name = /[;\s]name="?([^";\r\n]*)/i.exec(head)?.[1]
    if (name === undefined || !isCredential(name, places)) continue
    const to = from + part.replace(/\r?\n$/, '').length
    spans.push({ from: from + head.length, to, path: name, mask: MASK })
  }
  return { spans, isRead: true }
}

// A list is written with or without the index of its item: `value[0][clientState]`, `value[][clientState]`.
function isCredential(name: string, places: CredentialPlace): boolean {
  let at: CredentialPlace | undefined = places
  for (const part of name.split(/[[\].]+/)) {
    const below: CredentialPlace | undefined = at?.members.get(part) ?? at?.items?.members.get(part)
    at = below ?? (/^\d*$/.test(part) ? at : undefined)
  }
  return at?.isCredential === true || at?.items?.isCredential === true
}

/** Finds the texts of credentials in an XML body. Paths (`Envelope.Body.SessionId`) have no namespace prefixes. */
function elementsIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const stack: {
    readonly place: CredentialPlace | undefined
    readonly path: string
  }[] = []
  /** The credential that is being masked: where its text starts, and how many elements are open in it. */
  let open: { readonly from: number; readonly path: string; readonly depth: number } | undefined
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
  if (open) mask(text.length)
  return { spans, isRead: true }

  function tag(inner: string, start: number, after: number): void {
    if (inner.startsWith('/')) {
      stack.pop()
      if (open && stack.length < open.depth) mask(start)
      return
    }
    if (inner.endsWith('/')) return
    const name = inner.split(/[\s/]/, 1)[0]!.split(':').at(-1)!
    const top = stack.at(-1)
    const place = (top ? top.place : places)?.members.get(name)
    const path = top ? `${top.path}.${name}` : name
    stack.push({ place, path })
    if (place?.isCredential && !open) open = { from: after, path, depth: stack.length }
  }

  function mask(to: number): void {
    const { from, path } = open!
    if (to > from) spans.push({ from, to, path, mask: MASK })
    open = undefined
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
  /** Place of this object or list; undefined if it cannot contain a credential. */
  readonly place: CredentialPlace | undefined
  readonly path: string
  /** Name of the current member; undefined until the name is read. */
  name: string | undefined
  colon: boolean
}

/** Finds the values of credentials in a JSON text, which may be cut off or contain several values in a row. */
function membersIn(text: string, places: CredentialPlace): TextSpans {
  const spans: TextSpan[] = []
  const stack: Frame[] = []
  /** The value that is being masked: the index of its start, and the number of objects and lists around it. */
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
    return frame.isList ? frame.place?.items : frame.place?.members.get(frame.name!)
  }
}

function pathOf(frame: Frame | undefined): string {
  if (!frame) return ''
  if (frame.isList) return `${frame.path}[]`
  return frame.path === '' ? frame.name! : `${frame.path}.${frame.name!}`
}

/** Returns the member name that a token contains; undefined if the token is not a string. */
function decoded(token: string): string | undefined {
  if (!token.startsWith('"')) return undefined
  try {
    return JSON.parse(token) as string
  } catch {
    // The string is cut off or has a control character, so it is used as written.
    return token
  }
}
