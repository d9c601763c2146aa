import { concat } from './bytes.ts'

interface Bound {
  readonly limit: number
  tooLarge(): Error
  /** Called with the number of bytes of each part before the part is kept in memory. May throw to stop reading. */
  take?(bytes: number): void
}

type NextPart = () => Promise<{ readonly done?: boolean; readonly value?: unknown }>

/**
 * Reads the complete body of a request (node:http or Web) or of an API's reply. Beyond `limit` bytes, throws and ends
 * the stream, so that no body fills the memory.
 *
 * @throws RangeError beyond `limit` bytes, or the error that `tooLarge` returns.
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
    await parts.return?.()
    throw error
  }
}

/** Returns the first bytes of a body, at most `limit`. The stream is then closed without reading the rest. */
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
