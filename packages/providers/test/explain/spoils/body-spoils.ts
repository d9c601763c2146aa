import { deflateSync, gzipSync } from 'node:zlib'
import type { FindingCause } from '@postern/core/explain'
import { isSame, REWRITERS, treeOf, write, type Writer } from './json-writers.ts'
import { bytes, text, withBody, withHeaders, type Spoil } from './spoil.ts'

const NOT_ASCII = /[^\0-\x7F]/

/** Spoils that change the body. */
export const BODIES: readonly Spoil[] = [
  ...REWRITERS.map(rewritten),
  body('slashes', 'body-reserialized', (from) =>
    isJson(from) && from.includes('/')
      ? from.includes('\\/')
        ? from.replaceAll('\\/', '/')
        : from.replaceAll('/', '\\/')
      : undefined,
  ),
  body('html', 'body-reserialized', (from) =>
    isJson(from) && /[<>&]/.test(from)
      ? from.replaceAll('<', '\\u003C').replaceAll('>', '\\u003E').replaceAll('&', '\\u0026')
      : undefined,
  ),
  body('hex in upper case', 'body-reserialized', (from) =>
    isJson(from) && /[^\\]\\u[\da-f]*[a-f]/.test(from)
      ? from.replaceAll(/\\u[\da-f]{4}/g, (escape) => `\\u${escape.slice(2).toUpperCase()}`)
      : undefined,
  ),
  body('newline added', 'body-trailing-newline', (from) => `${from}\n`),
  body('CR LF added', 'body-trailing-newline', (from) => `${from}\r\n`),
  body('trimmed', 'body-trimmed', (from) => (from.trim() === from ? undefined : from.trim())),
  body('CR LF inside', 'body-crlf', (from) =>
    /[^\r]\n./s.test(from) ? from.replaceAll('\n', '\r\n') : undefined,
  ),
  body('mark', 'body-bom', (from) => `\uFEFF${from}`),
  body('Latin-1 read', 'body-charset', (from) =>
    NOT_ASCII.test(from) ? Buffer.from(from).toString('latin1') : undefined,
  ),
  body('Latin-1 written', 'body-charset', (from) =>
    /^[\0-\xFF]*$/.test(from) && NOT_ASCII.test(from) ? Buffer.from(from, 'latin1') : undefined,
  ),
  body('UTF-16', 'body-charset', (from) => Buffer.from(`\uFEFF${from}`, 'utf16le')),
  body('decomposed', 'body-charset', (from) =>
    from.normalize('NFD') === from || from.normalize('NFC') !== from
      ? undefined
      : from.normalize('NFD'),
  ),
  body(
    'replaced characters',
    'body-charset',
    (from) => (NOT_ASCII.test(from) ? from.replaceAll(/[^\0-\x7F]/gu, '\uFFFD') : undefined),
    true,
  ),
  body(
    'truncated',
    'body-truncated',
    (from) => (/^\s*[{[<]/.test(from) ? from.slice(0, from.length / 2) : undefined),
    true,
  ),
  body('empty', 'body-empty', () => '', true),
  body('a parsed object as text', 'body-empty', () => '[object Object]', true),
  ...gateways(),
  body('compressed', 'body-decompressed', (_from, raw) => gzipSync(raw)),
  body('compressed by zlib', 'body-decompressed', (_from, raw) => deflateSync(raw)),
]

/** Returns spoils of gateways and queues, which wrap the delivery in another body. */
function gateways(): readonly Spoil[] {
  const base64 = (raw: Uint8Array): string => Buffer.from(raw).toString('base64')
  const json = (name: string, wrap: (from: string, raw: Uint8Array) => object): Spoil =>
    body(name, 'gateway-in-front', (from, raw) => JSON.stringify(wrap(from, raw)))
  return [
    body('base64', 'gateway-in-front', (_from, raw) => base64(raw)),
    json('API Gateway 1', (from) => ({
      resource: '/in',
      path: '/in',
      httpMethod: 'POST',
      headers: { 'X-Other': '1' },
      multiValueHeaders: { 'X-Other': ['1'] },
      requestContext: { stage: 'prod' },
      body: from,
      isBase64Encoded: false,
    })),
    json('API Gateway 2', (_from, raw) => ({
      version: '2.0',
      rawPath: '/in',
      headers: { 'x-other': '1' },
      body: base64(raw),
      isBase64Encoded: true,
    })),
    {
      name: 'an event of API Gateway with all headers',
      cause: 'gateway-in-front',
      apply(from) {
        const { headers, body: raw } = from.request
        if (raw.length === 0) return undefined
        const event = { version: '2.0', headers, body: base64(raw), isBase64Encoded: true }
        const outer = { 'content-type': 'application/json' }
        return withBody(withHeaders(from, outer), bytes(JSON.stringify(event)))
      },
    },
    json('a queue', (from) => ({ Records: [{ messageId: '1', body: from }] })),
    json('Azure Functions', (from) => ({
      Data: { req: { Url: 'https://a/b', Method: 'POST', Headers: { X: ['1'] }, Body: from } },
      Metadata: {},
    })),
    json('Pub/Sub', (_from, raw) => ({
      message: { data: base64(raw), messageId: '1' },
      subscription: 'projects/p/subscriptions/s',
    })),
    json('EventBridge', (from) => ({ version: '0', 'detail-type': 'x', detail: { body: from } })),
  ]
}

function rewritten(by: Writer): Spoil {
  return {
    name: by.name,
    cause: 'body-reserialized',
    apply(from) {
      const sent = text(from.request.body)
      if (!isJson(sent)) return undefined
      const came = write(by.read!(treeOf(sent)), by)
      // Whitespace at the end has another cause.
      if (came.trim() === sent.trim()) return undefined
      const lost = from.lost === true || !isSame(sent, came)
      return { ...withBody(from, bytes(came)), lost }
    },
  }
}

function body(
  name: string,
  cause: FindingCause,
  change: (from: string, bytes: Uint8Array) => string | Uint8Array | undefined,
  loses = false,
): Spoil {
  return {
    name,
    cause,
    loses,
    apply(from) {
      if (from.request.body.length === 0) return undefined
      const sent = text(from.request.body)
      const changed = change(sent, from.request.body)
      if (changed === undefined) return undefined
      const made = typeof changed === 'string' ? bytes(changed) : Uint8Array.from(changed)
      // A string cannot hold bytes that are not UTF-8.
      const lost = from.lost === true || (typeof changed === 'string' && sent.includes('\uFFFD'))
      return { ...withBody(from, made), lost }
    },
  }
}

function isJson(from: string): boolean {
  if (!/^\s*[{[]/.test(from)) return false
  try {
    JSON.parse(from)
    return true
  } catch {
    return false
  }
}
