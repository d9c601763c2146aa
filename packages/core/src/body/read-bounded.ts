import { concat } from './bytes.ts'

/** How much of a body may be read. An `Admission` is one. */
export interface Bound {
  /** The most bytes. */
  readonly limit: number
  /** The error for a body that is larger. */
  tooLarge(): Error
  /** Called with each part before it is kept; it may throw. */
  take?(bytes: number): void
}

/** Where the parts of a body come from: the reader of a Web stream, or an iterator. */
type NextPart = () => Promise<{ readonly done?: boolean; readonly value?: unknown }>

/**
 * Reads a body whole that came over the network: of a request (node:http or Web) or of an API's reply. Beyond `limit`
 * bytes it throws and ends the stream, so that nobody fills the memory. Everything in Postern that reads a body goes
 * through it, or through the readers of the adapters, which count bytes by the same admission.
 *
 * @throws RangeError beyond `limit` bytes, or what `tooLarge` returns.
 * @example
 * const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
 * const text = new TextDecoder().decode(await readBounded(response.body, 1024 * 1024))
 */
export async function readBounded(
  body: AsyncIterable<Uint8Array> | null | undefined,
  limit: number,
  tooLarge: () => Error = () => new RangeError(`the body has more than ${limit} bytes`),
): Promise<Uint8Array> {
  if (!body) return new Uint8Array(0)
  const parts = body[Symbol.asyncIterator]()
  try {
    return await collect(async () => parts.next(), { limit, tooLarge })
  } catch (error) {
    // Cancels the stream.
    await parts.return?.()
    throw error
  }
}

/**
 * The first bytes of a body, at most `limit`. The rest is not read, and its stream ends.
 *
 * @example
 * const start = new TextDecoder().decode(await readStart(response.body, 4096))
 */
export async function readStart(
  body: AsyncIterable<Uint8Array> | null | undefined,
  limit: number,
): Promise<Uint8Array> {
  if (!body) return new Uint8Array(0)
  const parts = body[Symbol.asyncIterator]()
  let left = limit
  const start = await collect(
    async () => {
      const part = left > 0 ? await parts.next() : undefined
      if (!part || part.done) return { done: true }
      const value = part.value.subarray(0, left)
      left -= value.byteLength
      return { value }
    },
    { limit, tooLarge: () => new RangeError(`the body has more than ${limit} bytes`) },
  )
  await parts.return?.()
  return start
}

/** The parts as one array of bytes, within the bound. */
export async function collect(next: NextPart, bound: Bound): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for (;;) {
    const { done, value } = await next()
    if (done) break
    const part = value as Uint8Array
    size += part.byteLength
    if (size > bound.limit) throw bound.tooLarge()
    bound.take?.(part.byteLength)
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : concat(parts, size)
}
