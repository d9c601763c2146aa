import { Buffer } from 'node:buffer'
import { urlJoiner } from '@postern/core/internal'
import { Failure } from '../print/failure.ts'
import { fromCurl, type ReadFile, type SavedRequest } from './curl.ts'

export interface ReadOptions {
  /** Number of the entry in a HAR file, starting at 1. @default the only entry with POST */
  readonly entry?: number | undefined
  /** Reads the file that a curl command sends. @default such a command is rejected */
  readonly readFile?: ReadFile
}

type Lines = readonly (readonly [string, string])[]

/**
 * Reads a saved request: an export of Postern, JSON (`{ method, url, headers, body }`), a HAR file, a curl command, or
 * an HTTP/1 request as text. `options.entry` chooses an entry of a HAR file. This function uses no file system:
 * `readFile` reads the `@file` of a curl command.
 *
 * @throws Failure if the bytes have none of these formats, or if a necessary part is missing.
 * @example
 * const { delivery, receivedAt } = parseRequest(bytes)
 * await explain(delivery, stripe({ secret }), { now: () => receivedAt ?? Date.now() })
 */
export function parseRequest(bytes: Uint8Array, options: ReadOptions = {}): SavedRequest {
  const saved = readAny(bytes, options)
  const { url } = saved.delivery
  if (!URL.canParse(url, 'https://example.com'))
    throw new Failure(
      2,
      'url must be a URL or a path, and the url of this request cannot be parsed',
    )
  return saved
}

function readAny(bytes: Uint8Array, { entry, readFile = noFile }: ReadOptions): SavedRequest {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const start = text.trimStart()
  if (start.startsWith('{') || start.startsWith('[')) return fromJson(start, entry)
  if (/^(?:curl\s|base64 -d <<< )/.test(start)) return fromCurl(start, readFile)
  if (/^[A-Z]+ \S+( HTTP\/[\d.]+)?\r?\n/.test(start)) return fromHttp(bytes)
  throw new Failure(
    2,
    'the request must be JSON with url, headers and body, a HAR file, a curl command or the text of an HTTP request; none of these was found',
  )
}

function noFile(_path: string, what: string): never {
  throw new Failure(2, `${what} cannot be read here: give the bytes themselves with --data-raw`)
}

function fromJson(text: string, number: number | undefined): SavedRequest {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Failure(2, `the request is not JSON: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const entries = at(at(value, 'log'), 'entries')
  const entry = Array.isArray(entries) ? entryOf(entries, number) : value
  const request = at(entry, 'request') ?? entry
  const url = at(request, 'url')
  const method = at(request, 'method')
  const headers = linesOf(at(request, 'headers'))
  const content = at(request, 'postData')
  const body = content === undefined ? at(request, 'body') : at(content, 'text')
  const encoding = at(request, 'encoding') ?? at(content, 'encoding')
  const isBase64 = encoding === 'base64' || at(request, 'isBase64Encoded') === true
  if (typeof url !== 'string' || headers === undefined)
    throw new Failure(
      2,
      'the request must have url and headers: { "method", "url", "headers", "body" }',
    )
  if (body !== undefined && typeof body !== 'string')
    throw new Failure(
      2,
      'body must be a string with the exact text that came, got parsed JSON; the signature is over the bytes',
    )
  const provider = at(entry, 'provider')
  const received = at(entry, 'receivedAt') ?? at(entry, 'at') ?? at(entry, 'startedDateTime')
  return {
    delivery: {
      method: typeof method === 'string' ? method : 'POST',
      url,
      headers,
      body: body === undefined ? '' : isBase64 ? Buffer.from(body, 'base64') : body,
    },
    receivedAt: typeof received === 'string' ? Date.parse(received) : numberOf(received),
    ...(typeof provider === 'string' && { provider }),
  }
}

/** Parses the text of an HTTP/1 request. The bytes after the empty line are the body. */
function fromHttp(bytes: Uint8Array): SavedRequest {
  const buffer = Buffer.from(bytes)
  const crlf = buffer.indexOf('\r\n\r\n')
  const end = crlf >= 0 ? crlf : buffer.indexOf('\n\n')
  const head = buffer.subarray(0, end < 0 ? buffer.length : end).toString('utf8')
  const body = end < 0 ? Buffer.alloc(0) : buffer.subarray(end + (crlf >= 0 ? 4 : 2))
  const [first = '', ...lines] = head.split(/\r?\n/)
  const [method = 'POST', target = '/'] = first.split(' ')
  const headers = lines.flatMap((line): Lines => {
    const [, name, value] = /^([^:]+):[\t ]*(.*)$/s.exec(line) ?? []
    return name === undefined ? [] : [[name, value!]]
  })
  const host = headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost'
  const url = target.startsWith('/') ? addressed(host, target) : target
  return { delivery: { method, url, headers, body }, receivedAt: undefined }
}

function addressed(host: string, target: string): string {
  try {
    return urlJoiner()('https', host, target)
  } catch (cause) {
    throw new Failure(2, `the request cannot be read: ${(cause as Error).message}`, { cause })
  }
}

function linesOf(headers: unknown): Lines | undefined {
  if (Array.isArray(headers))
    return headers.flatMap((line: unknown): Lines => {
      if (Array.isArray(line)) return [[String(line[0]), String(line[1])]]
      const name = at(line, 'name')
      return typeof name === 'string' ? [[name, String(at(line, 'value'))]] : []
    })
  if (typeof headers !== 'object' || headers === null) return undefined
  return Object.entries(headers).flatMap(([name, value]: [string, unknown]) =>
    [value].flat().map((line) => [name, String(line)] as const),
  )
}

/**
 * Returns an entry of a HAR file: the one with this number, starting at 1. Without a number, returns the only POST
 * request, or the first entry if there is no POST.
 */
function entryOf(entries: readonly unknown[], number: number | undefined): unknown {
  if (number !== undefined) {
    if (entries[number - 1] !== undefined) return entries[number - 1]
    throw new Failure(2, `--entry must be from 1 to ${entries.length}, got ${number}`)
  }
  const posts = entries.filter(isPost)
  if (posts.length > 1) {
    const rows = posts.map(
      (post) =>
        `  ${entries.indexOf(post) + 1}  ${String(at(at(post, 'request'), 'url'))
          .replace(/[?#].*$/s, '')
          .slice(0, 200)}`,
    )
    throw new Failure(
      2,
      `the HAR file has ${posts.length} requests with POST; choose one with --entry:`,
      { rows },
    )
  }
  return posts[0] ?? entries[0]
}

function isPost(entry: unknown): boolean {
  return at(at(entry, 'request'), 'method') === 'POST'
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
