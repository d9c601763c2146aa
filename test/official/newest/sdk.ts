import type { SignableRequest } from '@postern/core/scheme'

/** Delivery as an official library gets it. Header names are in lower case. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly bytes: Buffer
  readonly secret: string
  /** The other options of the provider's factory. */
  readonly extra: Readonly<Record<string, unknown>>
  /** Time of the case, in seconds since 1970. */
  readonly now: number
}

/** Functions of an official library. */
export interface Official {
  /** Returns true or nothing to accept. Returns false or throws to reject. */
  readonly verify: (asked: Asked) => unknown
  /** Returns the headers for a body. Absent if the library only verifies. */
  readonly sign?: (asked: Asked) => Record<string, string> | Promise<Record<string, string>>
  /** Returns a whole delivery. For libraries that put the signature into the body. */
  readonly make?: (asked: Asked) => Made | Promise<Made>
}

export interface Made {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Official library of a provider, and how to call it. */
export interface Sdk {
  /** Name in the catalogue. */
  readonly sender: string
  readonly package: string
  /** The module to import. @default `package` */
  readonly from?: string
  /** Further packages that the library needs. */
  readonly beside?: readonly string[]
  /** Header with the signature. With it, the test also sends a delivery without a signature. @default none */
  readonly signature?: string
  /**
   * False if the library cannot judge what Postern signs, because the library has only the public key. @default true
   */
  readonly ours?: boolean
  /** False if the signature is in the body, so it fits no other body. @default true */
  readonly anyBody?: boolean
  readonly official: (module: Module) => Official
}

/** Module with the types of its newest version, which TypeScript does not know. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Module = any

export function askedOf(
  { method, url, headers, body }: SignableRequest,
  secret: string,
  extra: Readonly<Record<string, unknown>>,
  now: number,
): Asked {
  const bytes = Buffer.from(body)
  return { method, url, headers, body: bytes.toString('utf8'), bytes, secret, extra, now }
}
