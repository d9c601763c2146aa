import type { DeliveryInit } from '@postern/core'
import type { Draft, Provider } from '@postern/core/scheme'

/** A delivery with its expected result. The repository's `test/vectors/README.md` describes each field. */
export interface Vector {
  readonly name: string
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly bodyBase64: string
  /** Value of the provider's secret option; undefined if the provider needs no secret. */
  readonly secret?: string | readonly string[]
  /** Other options for the provider's factory. */
  readonly extra?: Readonly<Record<string, unknown>>
  /** Time of the receiver's clock, in Unix seconds; null if the delivery contains no time. */
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

/** An expected reply. An array lists allowed alternatives. */
export interface ExpectedReply {
  readonly status?: number | readonly number[]
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: unknown
}

export function vectorOptions(vector: Vector, secretOption: string | undefined): object {
  return {
    ...(vector.secret !== undefined &&
      secretOption !== undefined && { [secretOption]: vector.secret }),
    ...vector.extra,
  }
}

export function vectorDelivery({ method, url, headers, bodyBase64 }: Vector): DeliveryInit {
  return { method, url, headers, body: Buffer.from(bodyBase64, 'base64') }
}

/** Returns the time of the receiver's clock in milliseconds, or undefined if the delivery contains no time. */
export function vectorClock({ now }: Vector): number | undefined {
  return typeof now === 'number' ? now * 1000 : undefined
}

/** Returns the delivery as a `Request`; undefined if a `Request` cannot represent it. */
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
    // The URL contains credentials, or a header value is not Latin-1.
    return undefined
  }
}

/** Facts about a provider that can sign, for the tests of signing. */
export interface SigningLaws {
  /** Two valid secrets in the provider's format. */
  readonly secrets: readonly [string, string]
  /** Other options for the provider's factory. */
  readonly options?: object
  /**
   * Draft of the delivery to sign. If the draft has a topic or an id, the event must have the same topic or id.
   * @default only a payload
   */
  readonly draft?: Draft
  /**
   * True if the provider ignores the case of the signature, or of a word before the token, such as `Bearer`. @default
   * false
   */
  readonly anyCase?: boolean
  /**
   * Number of random inputs per test. Tests that change single characters use five times as many inputs. @default 40
   */
  readonly draws?: number
  /**
   * Returns the signed part of a body, for a provider that `covers` only fields. @default the fields of a form, or the
   * value of JSON
   */
  readonly covered?: (body: Uint8Array, contentType: string) => unknown
}

export function signingProvider(
  under: ProviderUnderTest,
  laws: SigningLaws,
  secret: unknown,
): Provider {
  return under.create({
    ...laws.options,
    ...(under.secretOption && { [under.secretOption]: secret }),
  })
}

/** A provider to test with {@link testProvider}: an entry of the provider catalog, with vectors. */
export interface ProviderUnderTest {
  readonly name: string
  /** Creates the provider. */
  create(options: object): Provider
  /**
   * Options of the factory, by name. The tests check that a rejected delivery calls none of the options that can be
   * functions. @default none
   */
  readonly options?: Readonly<Record<string, unknown>>
  /** Name of the factory's option for the secret; undefined if the factory has none. */
  readonly secretOption?: string | undefined
  readonly vectors?: readonly Vector[]
  /** If true, also checks the reason of each rejection. @default false */
  readonly reasons?: boolean
  /** Facts for the tests of signing, if the provider can sign. */
  readonly sign?: SigningLaws
}

/** Returns the content of a body without its formatting: sorted form fields, a JSON value, or else the text. */
export function bodyFields(body: Uint8Array, contentType: string): unknown {
  const text = Buffer.from(body).toString('utf8')
  if (contentType.startsWith('application/x-www-form-urlencoded'))
    return [...new URLSearchParams(text)].map((pair) => pair.join('=')).toSorted()
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
