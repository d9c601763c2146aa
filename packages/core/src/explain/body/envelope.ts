import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import { fromBase64, fromBase64url, toBuffer, utf8 } from '../../body/bytes.ts'
import { hasMoreNodes, parseJson, stringifyJson } from '../../body/json.ts'
import { RAW } from './bytes.ts'
import { fieldsOf } from './form.ts'
import { inertName, withHeaders, type Change, type PlainRequest, type Clue } from '../finding.ts'

const MOST = 256 * 1024
const NODES = 20_000
const FIELDS = 8

export function* inflated(request: PlainRequest): Generator<Change> {
  const coding = request.headers.get('content-encoding')?.[0]?.trim().toLowerCase()
  for (const inflate of inflatersOf(request.body, coding)) {
    let body: Uint8Array
    try {
      body = inflate(request.body, { maxOutputLength: MOST })
    } catch {
      // The body is not compressed, or is a decompression bomb.
      continue
    }
    const plain = withHeaders(request, { 'content-encoding': undefined })
    yield {
      request: { ...plain, body },
      steps: [
        {
          cause: 'body-decompressed',
          message: 'the body arrived compressed, but the sender signed it uncompressed',
          remedy:
            'configure the proxy in front to forward the body unchanged, or to decompress it before the receiver gets it',
        },
      ],
    }
  }
}

type Inflate = (body: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array

/**
 * Chooses how to decompress a body: by gzip's first bytes, else by `coding` (the Content-Encoding), else by zlib's
 * first byte. `deflate` is tried as zlib data and as raw data.
 */
function inflatersOf([first, second]: Uint8Array, coding: string | undefined): readonly Inflate[] {
  if (first === 0x1f && second === 0x8b) return [gunzipSync]
  if (coding === 'br') return [brotliDecompressSync]
  if (coding === 'deflate') return [inflateSync, inflateRawSync]
  return first === 0x78 ? [inflateSync] : []
}

/**
 * Yields the requests that a gateway may have wrapped: in base64, a JSON string, a form, or an envelope (a JSON object
 * that contains the body).
 */
export function* unwrapped(request: PlainRequest): Generator<Change> {
  const { body } = request
  const text = utf8(body).trim()
  const written = bytesOfJson(text)
  if (written) yield { request: { ...request, body: written }, steps: [BYTES_AS_JSON] }
  const decoded = base64Of(text.replace(/^"(.*)"$/s, '$1').replaceAll(/\r?\n/g, ''))
  if (decoded) yield inner({ ...request, body: decoded }, 'base64 text')
  for (const [name = '', content = ''] of fieldsOf(text)?.slice(0, FIELDS) ?? [])
    if (/^\s*[{[<]/.test(content))
      yield inner({ ...request, body: toBuffer(content) }, `the field ${inertName(name)} of a form`)
  const value = parsed(text)
  if (typeof value === 'string') yield inner({ ...request, body: toBuffer(value) }, 'a JSON string')
  if (typeof value !== 'object' || value === null) return
  const base = withEnvelopeHeaders(request, value)
  for (const { name, content } of contentsOf(value)) {
    const where = `the member ${name} of an envelope`
    if (typeof content !== 'string') {
      yield inner({ ...base, body: content }, `a list of bytes in ${where}`)
      continue
    }
    yield inner({ ...base, body: toBuffer(content) }, where)
    const bytes = base64Of(content)
    if (bytes) yield inner({ ...base, body: bytes }, `base64 in ${where}`)
  }
}

interface Content {
  readonly name: string
  readonly content: string | Uint8Array
}

// Members in which gateways, queues and functions put a request body, in lower case.
const NAMED = new Set([
  'body',
  'rawbody',
  'raw_body',
  'bodybase64',
  'payload',
  'data',
  'content',
  'message',
  'messagebody',
  'requestpayload',
  'rawevent',
])
const VISITED = 2000
const DEEPEST = 8
const CONTENTS = 24

/**
 * Returns the strings and byte lists of an envelope that may be the body. Contents of members with known names
 * (`NAMED`) come first, then the longest contents.
 */
function contentsOf(envelope: object): readonly Content[] {
  const found: Content[] = []
  let visited = 0
  const walk = (value: unknown, name: string, depth: number): void => {
    if (++visited > VISITED || depth > DEEPEST) return
    if (typeof value === 'string') found.push({ name, content: value })
    else if (typeof value === 'object' && value !== null) {
      const bytes = depth > 0 ? bytesOfValue(value) : undefined
      if (bytes) return void found.push({ name, content: bytes })
      // An object under a known name may be the parsed body.
      if (depth > 0 && isNamed(name)) found.push({ name, content: stringifyJson(value) })
      const isList = Array.isArray(value)
      for (const [key, item] of Object.entries(value)) walk(item, isList ? name : key, depth + 1)
    }
  }
  walk(envelope, '', 0)
  const rank = ({ name, content }: Content): number =>
    isNamed(name) ? Infinity : content.length < 2 ? 0 : content.length
  return found
    .filter(({ content }) => content.length > 0)
    .toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))
    .slice(0, CONTENTS)
    .map(({ name, content }) => ({ name: inertName(name), content }))
}

function isNamed(name: string): boolean {
  return NAMED.has(name.toLowerCase())
}

function base64Of(text: string): Uint8Array | undefined {
  const bytes = fromBase64(text) ?? fromBase64url(text)
  return bytes && bytes.length > 0 ? bytes : undefined
}

// A header from the envelope is used only if the request has no header of that name.
function withEnvelopeHeaders(request: PlainRequest, envelope: object): PlainRequest {
  const added: Record<string, readonly string[]> = {}
  for (const headers of headersOf(envelope, 0).slice(0, 4))
    for (const [name, value] of Object.entries(headers).slice(0, 200)) {
      const line = Array.isArray(value) ? (value[0] as unknown) : value
      const known = request.headers.has(name.toLowerCase())
      if (typeof line === 'string' && !known) added[name.toLowerCase()] ??= [line]
    }
  return Object.keys(added).length > 0 ? withHeaders(request, added) : request
}

function headersOf(value: unknown, depth: number): readonly object[] {
  if (typeof value !== 'object' || value === null || depth > 4) return []
  return Object.entries(value)
    .slice(0, 50)
    .flatMap(([name, item]) =>
      /^(?:multivalue)?headers$|^attributes$/i.test(name) &&
      typeof item === 'object' &&
      item !== null
        ? [item as object]
        : headersOf(item, depth + 1),
    )
}

function inner(request: PlainRequest, what: string): Change {
  const step: Clue = {
    cause: 'gateway-in-front',
    message: `the body is ${what}: a gateway in front wrapped the delivery, and the content inside verifies`,
    remedy: `use the adapter of that host (such as @postern/aws-lambda), or unwrap the body first; else ${RAW}`,
  }
  return { request, steps: [step] }
}

// The clue for a body that lists its original bytes as JSON numbers. JSON.stringify, many logs and queues write a
// Buffer in this way.
const BYTES_AS_JSON: Clue = {
  cause: 'body-reserialized',
  message:
    'the body is a Buffer or Uint8Array written as JSON, one number per byte: the original bytes verify',
  remedy: `do not run JSON.stringify on the bytes: forward them unchanged, or as base64; otherwise ${RAW}`,
}

function parsed(text: string): unknown {
  if (!/^["{[]/.test(text)) return undefined
  try {
    return hasMoreNodes(text, NODES) ? undefined : parseJson(text, { depth: 64 })
  } catch {
    return undefined
  }
}

/**
 * Returns the bytes that were written as JSON: `{"type":"Buffer","data":[…]}` for a Buffer, `{"0":123,…}` for a
 * `Uint8Array`, or a list of numbers. The text is not parsed, since each byte would become a value. Returns undefined
 * for any other text.
 */
function bytesOfJson(text: string): Uint8Array | undefined {
  const listed = /^(?:\{"type":"Buffer","data":)?\[([\d,]*)\]\}?$/.exec(text.replaceAll(/\s/g, ''))
  if (listed) return bytesOfNumbers(listed[1]!.split(','))
  if (!/^\{\s*"0"\s*:/.test(text)) return undefined
  const pairs = text.replaceAll(/[\s{}"]/g, '').split(',')
  const numbers = pairs.map((pair, at) =>
    pair.startsWith(`${at}:`) ? pair.slice(pair.indexOf(':') + 1) : '',
  )
  return bytesOfNumbers(numbers)
}

function bytesOfValue(value: object): Uint8Array | undefined {
  const { type, data } = value as { readonly type?: unknown; readonly data?: unknown }
  const list = Array.isArray(value) ? value : type === 'Buffer' ? data : undefined
  return Array.isArray(list) && list.length > 0 ? bytesOfNumbers(list.map(String)) : undefined
}

function bytesOfNumbers(numbers: readonly string[]): Uint8Array | undefined {
  return numbers.every((text) => /^\d{1,3}$/.test(text) && Number(text) < 256)
    ? Uint8Array.from(numbers, Number)
    : undefined
}
