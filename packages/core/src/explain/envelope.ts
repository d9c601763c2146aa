import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib'
import { fromBase64, toBuffer, utf8 } from '../body/bytes.ts'
import { hasMoreNodes } from '../body/json-nodes.ts'
import { parseJson } from '../body/json.ts'
import { RAW } from './bytes.ts'
import { withHeaders, type Change, type Request, type Step } from './finding.ts'

const MOST = 256 * 1024
const NODES = 20_000

/** The body of a compressed one, in case what was signed is the inflated body. */
export function* inflated(request: Request): Generator<Change> {
  const coding = request.headers.get('content-encoding')?.[0]?.trim().toLowerCase()
  const [first, second] = request.body
  const isGzip = first === 0x1f && second === 0x8b
  const inflate = isGzip
    ? gunzipSync
    : coding === 'br'
      ? brotliDecompressSync
      : coding === 'deflate'
        ? inflateSync
        : undefined
  if (!inflate || request.body.length > MOST) return
  let body: Uint8Array
  try {
    body = inflate(request.body, { maxOutputLength: MOST })
  } catch {
    // Not compressed, or a bomb.
    return
  }
  const plain = withHeaders(request, { 'content-encoding': undefined })
  yield {
    request: { ...plain, body },
    steps: [
      {
        cause: 'body-decompressed',
        message: 'the body came compressed, and the sender signed it before it was compressed',
        remedy:
          'let the proxy in front pass the body on as it came, or inflate it before the receiver gets it',
      },
    ],
  }
}

/** The request inside of an API gateway's: base64, or an envelope of JSON. */
export function* unwrapped(request: Request): Generator<Change> {
  const { body } = request
  if (body.length === 0 || body.length > MOST) return
  const text = utf8(body).trim()
  const decoded = fromBase64(text.replace(/^"(.*)"$/s, '$1').replaceAll(/\r?\n/g, ''))
  if (decoded && decoded.length > 0) yield inner({ ...request, body: decoded }, 'base64 text')
  if (text.startsWith('"')) {
    const plain = parsed(text)
    if (typeof plain === 'string')
      yield inner({ ...request, body: toBuffer(plain) }, 'a JSON string')
  }
  if (!text.startsWith('{') && !text.startsWith('[')) return
  yield* opened(request, parsed(text), 0)
}

function* opened(request: Request, value: unknown, depth: number): Generator<Change> {
  if (depth > 3 || typeof value !== 'object' || value === null) return
  const envelope = value as Readonly<Record<string, unknown>>
  for (const name of [
    'body',
    'rawBody',
    'raw_body',
    'Body',
    'payload',
    'data',
    'content',
    'Message',
  ]) {
    const content = Object.hasOwn(envelope, name) ? envelope[name] : undefined
    if (typeof content !== 'string') continue
    const base = withEnvelopeHeaders(request, envelope)
    const where = `the member ${name} of an envelope`
    yield inner({ ...base, body: toBuffer(content) }, where)
    const bytes = fromBase64(content)
    if (bytes && bytes.length > 0) yield inner({ ...base, body: bytes }, `base64 in ${where}`)
  }
  for (const name of ['Records', 'event', 'request', 'detail', 'requestPayload', '0']) {
    const next = Object.hasOwn(envelope, name) ? envelope[name] : undefined
    if (next !== undefined) yield* opened(request, next, depth + 1)
  }
}

// A header of the envelope counts if the request itself has none of that name.
function withEnvelopeHeaders(
  request: Request,
  envelope: Readonly<Record<string, unknown>>,
): Request {
  const { headers } = envelope
  if (typeof headers !== 'object' || headers === null) return request
  const added: Record<string, readonly string[]> = {}
  for (const [name, value] of Object.entries(headers).slice(0, 200)) {
    const line = Array.isArray(value) ? (value[0] as unknown) : value
    const known = request.headers.has(name.toLowerCase())
    if (typeof line === 'string' && !known) added[name.toLowerCase()] = [line]
  }
  return withHeaders(request, added)
}

function inner(request: Request, what: string): Change {
  const step: Step = {
    cause: 'gateway-in-front',
    message: `the body is ${what}: a gateway in front wrapped the delivery, and what is inside verifies`,
    remedy: `use the adapter of that host (such as @postern/aws-lambda), or unwrap the body first; else ${RAW}`,
  }
  return { request, steps: [step] }
}

function parsed(text: string): unknown {
  try {
    return hasMoreNodes(text, NODES) ? undefined : parseJson(text, { depth: 64 })
  } catch {
    return undefined
  }
}
