import { toBuffer } from './bytes.ts'
import { WebhookError } from '../errors.ts'

/** One part of a multipart body as it came. */
export interface Part {
  /** Values by lower-case name, each character a byte. */
  readonly headers: Readonly<Record<string, readonly string[]>>
  readonly data: Uint8Array
}

/**
 * The parts of a multipart body, in order.
 *
 * @throws WebhookError `malformed_body` for a body without its last boundary, a part without headers, or more than
 * `limit` parts; `unsupported_media_type` if the parser is missing or cannot be loaded.
 */
export async function readParts(
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
    // The body is in memory already, so no stream in between needs to push back.
    const dicer = new Dicer({ boundary, partHwm: body.length + 1, highWaterMark: body.length + 1 })
    dicer.on('part', (stream) => {
      const part: OpenPart = { headers: undefined, chunks: [] }
      // A truncated body emits an error on the part too, and an unhandled `error` event ends the process.
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
    throw new WebhookError(
      'malformed_body',
      { problem: 'not_multipart', expected: 'whole parts' },
      { cause },
    )
  })
  return parts.map(({ headers, chunks }) => {
    if (headers === undefined)
      throw new WebhookError('malformed_body', {
        problem: 'not_multipart',
        expected: 'parts with headers',
      })
    return { headers, data: concat(chunks) }
  })
}

/** Counts the delimiters before parsing: the parser cannot be stopped once it has the bytes. */
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
    // One delimiter for each part, and the last one.
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

// The members of the parser that we use; its own types omit `partHwm`.
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

// workerd has no code for it.
function isMissing(cause: unknown): boolean {
  return (
    (cause as { readonly code?: unknown } | undefined)?.code === 'ERR_MODULE_NOT_FOUND' ||
    /cannot find|no such module|not found/i.test(String(cause))
  )
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks
  if (first !== undefined && chunks.length === 1) return first
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}
