import type { Draft, Provider } from '@postern/core/scheme'

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

/** What the laws of signing need to know about a provider that can sign. */
export interface SigningLaws {
  /** Two secrets in the provider's format; each can sign and verify. */
  readonly secrets: readonly [string, string]
  /** Other options of the factory. */
  readonly options?: object
  /** What is signed. Where it names a topic or an id, the event must have them. @default a payload alone */
  readonly draft?: Draft
  /** True if upper and lower case of the signature (or of the word before a token) are the same to the provider. @default false */
  readonly anyCase?: boolean
  /** How many inputs each law draws, and five times as many single characters. Fewer do where code is shared. @default 40 */
  readonly draws?: number
  /** What of a body is protected, if a provider `covers` fields. @default the fields of a form, the value of JSON */
  readonly covered?: (body: Uint8Array, contentType: string) => unknown
}

/** The provider {@link testProvider} examines: an entry of the catalogue and its vectors. */
export interface ProviderUnderTest {
  readonly name: string
  /** The factory. */
  create(options: object): Provider
  /** The names of the factory's options: each that takes a function is watched while a delivery is rejected. @default none */
  readonly options?: Readonly<Record<string, unknown>>
  /** Name of the factory's secret option. Absent if it has none. */
  readonly secretOption?: string | undefined
  readonly vectors?: readonly Vector[]
  /** Judges the reason of each rejection too. @default false */
  readonly reasons?: boolean
  /** Two secrets and a draft, if the provider can sign: the laws of signing are then checked. */
  readonly sign?: SigningLaws
}
