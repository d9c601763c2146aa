import { encode, fromBase64, fromHex, toBuffer, utf8 } from '../../body/bytes.ts'
import { withHeaders, type Change, type PlainRequest, type Clue, type Reads } from '../finding.ts'

const LONGEST = 8192
const TOKEN = /[A-Za-z0-9+/_-]{20,}={0,2}/g
const PREFIXES = ['sha256=', 'sha1=', 'v1=', 'v1,', 'v0=', 'sha512=', 'Bearer ', 'signature=']

export function* signatureEncodings(request: PlainRequest, reads: Reads): Generator<Change> {
  for (const [name, value] of values(request, reads)) {
    for (const other of wholes(value)) yield put(request, name, other, encodingStep(name))
    const tokens = [...value.matchAll(TOKEN)].slice(0, 4)
    for (const { 0: token, index } of tokens) {
      for (const other of written(token)) {
        const text = value.slice(0, index) + other + value.slice(index + token.length)
        yield put(request, name, text, encodingStep(name))
      }
    }
  }
}

/** Prefixes of signatures to try: the prefixes of this provider and, if `others` is true, of other providers. */
interface Prefixes {
  readonly expected: readonly string[]
  readonly others: boolean
}

export function* signaturePrefixes(
  request: PlainRequest,
  reads: Reads,
  { expected, others }: Prefixes,
): Generator<Change> {
  const prefixes = [...new Set([...expected, ...(others ? PREFIXES : [])])]
  for (const [name, value] of values(request, reads)) {
    const token = new RegExp(TOKEN.source).exec(value)
    if (!token) continue
    const head = value.slice(0, token.index)
    const tail = value.slice(token.index)
    // The value up to the prefix of the signature: `t=1,` for `t=1,v1=abc`, and empty for `sha256=abc`.
    const kept = head.replace(/[\w-]*[=, :]?\s*$/, '')
    const texts = new Map<string, string>()
    const add = (text: string, prefix: string): void => {
      if (text !== value && !texts.has(text)) texts.set(text, prefix)
    }
    for (const base of new Set([head, kept, '']))
      for (const prefix of ['', ...prefixes]) add(base + prefix + tail, prefix)
    for (const prefix of prefixes) if (value.startsWith(prefix)) add(value.slice(prefix.length), '')
    if (/^\d{10,13},/.test(value)) add(`t=${value}`, 't=')
    for (const [text, prefix] of texts)
      yield put(request, name, text, prefixStep(name, head.slice(kept.length).trim(), prefix))
  }
}

/** Returns the prefix directly before the first signature in a header, such as `sha256=`. */
export function prefixOf(value: string): string | undefined {
  const token = new RegExp(TOKEN.source).exec(value)
  return token ? /[\w-]*[=, :]?$/.exec(value.slice(0, token.index))?.[0] : undefined
}

function* values(request: PlainRequest, reads: Reads): Generator<readonly [string, string]> {
  for (const name of reads.headers) {
    const value = request.headers.get(name)?.[0]
    if (value !== undefined && value.length <= LONGEST) yield [name, value]
  }
}

function put(request: PlainRequest, name: string, value: string, step: Clue): Change {
  return { request: withHeaders(request, { [name]: [value] }), steps: [step] }
}

function* wholes(value: string): Generator<string> {
  const trimmed = value.trim().replaceAll(/^["']|["']$/g, '')
  if (trimmed !== value) yield trimmed
  if (/%[\dA-F]{2}/i.test(value)) {
    try {
      yield decodeURIComponent(value)
    } catch {}
  }
  const plus = value.replaceAll(/ (?!v\d)/g, '+')
  if (plus !== value) yield plus
}

function written(token: string): ReadonlySet<string> {
  const found = new Set<string>()
  const hex = fromHex(token)
  if (hex) {
    found.add(token.toLowerCase())
    found.add(token.toUpperCase())
    add(found, hex)
  }
  const plain = token.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', '')
  const padded = plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
  found.add(padded)
  found.add(plain)
  const bytes = fromBase64(padded)
  if (bytes) {
    add(found, bytes)
    // The signature may have been encoded twice: hex or base64, and then base64.
    const text = utf8(bytes)
    if (/^[\w+/=-]{20,}$/.test(text)) {
      found.add(text)
      const inner = fromHex(text) ?? fromBase64(text)
      if (inner) add(found, inner)
    }
  }
  found.delete(token)
  return found
}

function add(found: Set<string>, bytes: Uint8Array): void {
  found.add(encode(bytes, 'hex'))
  found.add(encode(bytes, 'base64'))
  found.add(encode(bytes, 'base64url'))
  found.add(toBuffer(bytes).toString('base64').replaceAll('=', ''))
}

export function encodingStep(name: string): Clue {
  return {
    cause: 'signature-encoding',
    message: `the signature in ${name} is not written in the form of this sender (hex or base64, case, padding)`,
    remedy:
      'forward the header unchanged; if your own code signs, write the signature as the sender documents',
  }
}

const ALGORITHM = /^(?:sha\d+|md5)=$/

function prefixStep(name: string, prefix: string, other: string): Clue {
  if (ALGORITHM.test(prefix) && ALGORITHM.test(other))
    return {
      cause: 'signature-algorithm',
      message: `${name} says ${prefix.slice(0, -1)}, but was signed with ${other.slice(0, -1)}`,
      remedy: 'if your own code signs, name the hash function that it uses',
    }
  return {
    cause: 'signature-prefix',
    message: /^[\w=,:-]{1,20}$/.test(prefix)
      ? `${name} has ${prefix} before the signature, but this sender does not write that`
      : `${name} lacks the prefix that this sender writes before the signature`,
    remedy:
      'forward the header unchanged; if your own code signs, write the prefix as the sender documents',
  }
}
