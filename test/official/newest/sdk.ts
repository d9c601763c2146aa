import type { SignableRequest } from '@postern/core/scheme'

/** A delivery as an official library gets it: names of headers in lower case. */
export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly bytes: Buffer
  readonly secret: string
  /** All other options of the factory. */
  readonly extra: Readonly<Record<string, unknown>>
  /** The clock of the case, in seconds. */
  readonly now: number
}

/** What an official library does. */
export interface Official {
  /** True or nothing accepts; false or an error rejects. */
  readonly verify: (asked: Asked) => unknown
  /** The headers that the library makes for a body. Absent if it only verifies. */
  readonly sign?: (asked: Asked) => Record<string, string> | Promise<Record<string, string>>
  /** A whole delivery, of a library that signs what lies in the body. */
  readonly make?: (asked: Asked) => Made | Promise<Made>
}

/** A delivery that an official library makes. */
export interface Made {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A library of a sender: where it is, and how it is asked. */
export interface Sdk {
  /** Name in the catalogue. */
  readonly sender: string
  readonly package: string
  /** The module to import. @default `package` */
  readonly from?: string
  /** Packages that it needs beside itself. */
  readonly beside?: readonly string[]
  /** What the signature lies in, so that a delivery without it can be made. @default none is made */
  readonly signature?: string
  /** False if the library has the public key and our laws the private one, so that it cannot judge what we sign. @default true */
  readonly ours?: boolean
  /** False if the signature lies in the body, so that no other body can have it. @default true */
  readonly anyBody?: boolean
  readonly official: (module: Module) => Official
}

/** A module whose types are those of its newest version, which no compiler knows. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Module = any

/** The delivery of a signed request. */
export function askedOf(
  { method, url, headers, body }: SignableRequest,
  secret: string,
  extra: Readonly<Record<string, unknown>>,
  now: number,
): Asked {
  const bytes = Buffer.from(body)
  return { method, url, headers, body: bytes.toString('utf8'), bytes, secret, extra, now }
}
