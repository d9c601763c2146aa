import { concat, decodeText, toBuffer, utf8 } from './bytes.ts'
import { WebhookError } from '../errors.ts'
import { addField } from './form.ts'
import { parseMediaType, parseParameters } from './media-type.ts'

interface MultipartFile {
  readonly name: string
  /** File name without directories. */
  readonly filename: string
  /** Content type that the sender states, or `text/plain` if it states none (RFC 7578, section 4.4). */
  readonly contentType: string
  readonly data: Uint8Array
}

export interface MultipartBody {
  readonly fields: Record<string, string | string[]>
  readonly files: readonly MultipartFile[]
}

export interface MultipartLimits {
  /** Maximum number of parts, including files. A body with more parts is rejected with `malformed_body`. */
  readonly fields: number
  /** Name of the option that sets `fields`, for the error message. @default 'limits.fields' */
  readonly option?: string
}

/**
 * Parses the fields and files of a `multipart/form-data` body (RFC 7578). The boundary is read from the body's first
 * line, not from the Content-Type, which may be unsigned. With a boundary that an attacker chose, text inside a part
 * could be read as a further part. The text of a part is UTF-8 unless the part names another charset.
 *
 * @throws WebhookError `malformed_body` if the body does not start with a boundary, is cut off or unreadable, or has
 * too many parts. `unsupported_media_type` if the parser, an optional peer dependency, is not installed.
 * `unsupported_encoding` for a field in an unknown charset.
 */
export async function parseMultipart(
  body: Uint8Array,
  limits: MultipartLimits,
): Promise<MultipartBody> {
  const boundary = boundaryOf(body)
  const fields: Record<string, string | string[]> = {}
  const files: MultipartFile[] = []
  if (boundary === undefined) return { fields, files }
  for (const part of await readParts(body, boundary, limits.fields, limits.option)) {
    const { name, filename } = disposition(part)
    const type = part.headers['content-type']?.[0]
    if (filename === undefined)
      addField(fields, name, decodeText(part.data, parseMediaType(type).charset))
    else files.push({ name, filename, contentType: type ?? 'text/plain', data: part.data })
  }
  return { fields, files }
}

/** Returns the boundary, from the body's first line (RFC 2046, section 5.1.1); undefined for a body without parts. */
function boundaryOf(body: Uint8Array): string | undefined {
  const start = utf8(body.subarray(0, 80))
  if (start.length === body.length && /^--[\w'()+,./:=? -]{1,70}--(?:\r?\n)?$/.test(start))
    return undefined
  const boundary = /^--([\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])\r?\n/.exec(start)?.[1]
  if (boundary === undefined) throw malformed('its boundary first')
  return boundary
}

function disposition(part: Part): { readonly name: string; readonly filename: string | undefined } {
  // The parser decodes headers as Latin-1, but senders write them in UTF-8 (RFC 7578, section 5.1).
  const header = fromLatin1(part.headers['content-disposition']?.[0] ?? '')
  let name: string | undefined
  let filename: string | undefined
  for (const [key, value] of parseParameters(header)) {
    if (key === 'name') name ??= value
    else if (key === 'filename') filename ??= value
    else if (key === 'filename*') filename = fromExtended(value) ?? filename
  }
  if (name === undefined || !/^\s*form-data\s*(?:;|$)/i.test(header)) {
    throw malformed('parts with a form-data name')
  }
  return { name, filename: filename?.split(/[\\/]/).at(-1) }
}

function malformed(expected: string, options?: { readonly cause: unknown }): WebhookError {
  return new WebhookError('malformed_body', { problem: 'not_multipart', expected }, options)
}

function fromLatin1(text: string): string {
  return utf8(Uint8Array.from(text, (character) => character.charCodeAt(0)))
}

/** Decodes a file name of the form `utf-8''…` (RFC 8187). RFC 7578 forbids this form, but some senders use it. */
function fromExtended(value: string): string | undefined {
  const [, encoded] = /^utf-8'[^']*'(.*)$/i.exec(value) ?? []
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded)
  } catch {
    return undefined
  }
}

interface Part {
  /** Header values by lower-case name, decoded as Latin-1. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly data: Uint8Array
}

/**
 * Returns the parts of a multipart body, in order.
 *
 * @throws WebhookError `malformed_body` if the last boundary is missing, a part has no headers, or there are more than
 * `limit` parts. `unsupported_media_type` if the parser is missing or cannot be loaded.
 */
async function readParts(
  body: Uint8Array,
  boundary: string,
  limit: number,
  option = 'limits.fields',
): Promise<readonly Part[]> {
  const bytes = toBuffer(body)
  rejectMany(bytes, boundary, limit, option)
  const { Dicer } = await load()
  const parts = await new Promise<readonly OpenPart[]>((resolve, reject) => {
    const open: OpenPart[] = []
    // The complete body is in memory already, so the buffers may be as large as the body.
    const dicer = new Dicer({ boundary, partHwm: body.length + 1, highWaterMark: body.length + 1 })
    dicer.on('part', (stream) => {
      const part: OpenPart = { headers: undefined, chunks: [] }
      // If the body is truncated, the part emits `error` too. Without a listener, this error would end the process.
      stream.on('error', reject)
      stream.on('header', (headers) => (part.headers = headers))
      if (open.length < limit) {
        stream.on('data', (chunk) => part.chunks.push(chunk))
        open.push(part)
      } else {
        stream.resume()
        reject(tooMany(limit, option))
      }
    })
    dicer.on('error', reject)
    dicer.on('finish', () => resolve(open))
    dicer.end(bytes)
  }).catch((cause: unknown) => {
    if (cause instanceof WebhookError) throw cause
    throw malformed('whole parts', { cause })
  })
  return parts.map(({ headers, chunks }) => {
    if (headers === undefined) throw malformed('parts with headers')
    return { headers, data: chunks.length === 1 ? chunks[0]! : concat(chunks) }
  })
}

/** Throws if the body has more than `limit` parts. Counts before parsing, since the parser cannot be stopped. */
function rejectMany(
  bytes: ReturnType<typeof toBuffer>,
  boundary: string,
  limit: number,
  option: string,
): void {
  const delimiter = `\r\n--${boundary}`
  let count = 0
  for (
    let i = bytes.indexOf(delimiter);
    i !== -1;
    i = bytes.indexOf(delimiter, i + delimiter.length)
  ) {
    // A body has one delimiter per part, and one more at the end.
    if (++count > limit + 1) throw tooMany(limit, option)
  }
}

function tooMany(limit: number, option: string): WebhookError {
  return new WebhookError('malformed_body', {
    problem: 'too_many_fields',
    got: 'multipart body',
    option,
    limit,
  })
}

interface OpenPart {
  headers: Part['headers'] | undefined
  readonly chunks: Uint8Array[]
}

// The members of the parser that are used here. The parser's own types omit `partHwm`.
type DicerConstructor = new (options: {
  readonly boundary: string
  readonly partHwm: number
  readonly highWaterMark: number
}) => Emitter<{
  part: Emitter<{ header: Part['headers']; data: Uint8Array; error: Error }> & { resume(): void }
}> & {
  on(event: 'error', listener: (error: Error) => void): void
  on(event: 'finish', listener: () => void): void
  end(body: Uint8Array): void
}

interface Emitter<Events> {
  on<Name extends keyof Events>(event: Name, listener: (value: Events[Name]) => void): void
}

const PEER = '@fastify/busboy'

async function load(): Promise<{ readonly Dicer: DicerConstructor }> {
  try {
    return (await import('@fastify/busboy')) as unknown as { readonly Dicer: DicerConstructor }
  } catch (cause) {
    throw new WebhookError(
      'unsupported_media_type',
      isMissing(cause)
        ? { problem: 'package_missing', got: PEER }
        : { problem: 'package_broken', got: PEER, text: String(cause) },
      { cause },
    )
  }
}

// In workerd, the error has no `code`, so its text is checked too.
function isMissing(cause: unknown): boolean {
  return (
    (cause as { readonly code?: unknown } | undefined)?.code === 'ERR_MODULE_NOT_FOUND' ||
    /cannot find|no such module|not found/i.test(String(cause))
  )
}
