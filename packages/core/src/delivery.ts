import type { XmlObject } from './body/xml/xml.ts'
import type { GivenHeaders } from './basics/header-lines.ts'
import type { Limits } from './limits.ts'

/** How a body is read. `query`: the parameters of the URL are the payload. */
export type Format = 'json' | 'form' | 'xml' | 'multipart' | 'text' | 'bytes' | 'query'

/** A value that JSON can carry. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

/** What makes a {@link Delivery}: one HTTP request from a provider. */
export interface DeliveryInit {
  /** @default 'POST' */
  readonly method?: string
  /** Absolute URL as the sender addressed it, as far as the host knows. */
  readonly url: string
  readonly headers?: GivenHeaders
  /** The exact bytes of the wire, still compressed if they arrived compressed. A string stands for its UTF-8 bytes. @default empty */
  readonly body?: Uint8Array | string
  /** A small JSON value the app attaches to the request (tenant, route); kept with the event. */
  readonly context?: Json
}

/** One HTTP request from a provider, framework-neutral. */
export interface Delivery {
  readonly method: string
  readonly url: string
  /** The exact bytes of the wire. */
  readonly body: Uint8Array
  /**
   * The bytes to read: those of the wire until the delivery is verified; then inflated, within the limit, if the
   * provider declares gzip and they begin with its magic bytes. A sender that signs the decoded bytes is verified by a
   * delivery whose `body` is these, at most `limits.unverified.decompressed` of them.
   */
  readonly content: Uint8Array
  /** How the body is read: the provider's declaration decides, else the bytes themselves. */
  readonly format: Format
  readonly context: Json | undefined
  readonly limits: Limits
  /** The value of a header in any case of its name; the first one if the header is repeated. */
  header(name: string): string | undefined
  /** Every line of a header, apart. Hosts on fetch `Headers` have them joined with a comma. */
  headers(name: string): readonly string[]
  /** Every header line, names in lower case. */
  headerLines(): Iterable<readonly [name: string, value: string]>
  /**
   * The body as JSON; parsed once. `exact` returns integers beyond 2^53 as BigInt. Throws `malformed_body` or `too_deep`;
   * before verification also `too_complex` beyond `limits.unverified`, as `form` and `xml` do.
   */
  json(exact?: 'exact'): unknown
  /** The body as form fields in order; parsed once. Throws `malformed_body`. */
  form(): URLSearchParams
  /** The body as XML; parsed once. Throws `malformed_body` or `too_deep`. */
  xml(): XmlObject
  /** The body as a string, decoded from the charset its provider declares. Throws `unsupported_encoding`. */
  text(): string
  /** The fields of the URL's query, in order. */
  query(): URLSearchParams
}
