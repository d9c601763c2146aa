/** A delivery with the verdict a receiver must reach. The repository's `test/vectors/README.md` describes each field. */
export interface Vector {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly bodyBase64: string
  /** Value of the provider's secret option; absent if none is needed. */
  readonly secret?: string | readonly string[]
  /** All other options of the factory. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** The clock in unix seconds; null if nothing is dated. */
  readonly now?: number | null
  readonly expect: 'valid' | 'invalid'
  readonly reason?: string | null
  readonly eventId?: string | readonly (string | null)[] | null
  readonly topic?: string | readonly (string | null)[] | null
  readonly handshake?: boolean
  readonly reply?: ExpectedReply
  readonly verifyOnly?: boolean
  readonly mayDrop?: boolean
}

/** What must come back; an array means any one of its members. */
export interface ExpectedReply {
  readonly status?: number | readonly number[]
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: unknown
}

/** Options of the factory for this vector. */
export function vectorOptions(vector: Vector, secretOption: string | undefined): object {
  return {
    ...(vector.secret !== undefined &&
      secretOption !== undefined && { [secretOption]: vector.secret }),
    ...vector.extra,
  }
}

/** The vector as a `Request`, or undefined if a `Request` cannot carry it. */
export function vectorRequest(vector: Vector): Request | undefined {
  const bodiless = vector.method === 'GET' || vector.method === 'HEAD'
  if (bodiless && vector.bodyBase64 !== '') return undefined
  try {
    const headers = new Headers()
    for (const [name, value] of Object.entries(vector.headers))
      for (const line of typeof value === 'string' ? [value] : value) headers.append(name, line)
    const body = Buffer.from(vector.bodyBase64, 'base64')
    return new Request(vector.url, {
      method: vector.method,
      headers,
      ...(!bodiless && body.length > 0 && { body }),
    })
  } catch {
    // A URL with credentials in it, or a header value beyond Latin-1.
    return undefined
  }
}
