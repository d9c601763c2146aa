import { readBounded } from '@postern/core/internal'

/**
 * A request to the inspector, for every framework. `Own` is the list of arguments that the framework passes to `auth`.
 */
export interface InspectorRequest<Own extends readonly unknown[] = readonly unknown[]> {
  readonly method: string
  /** Path and query, as the app sees them. */
  readonly target: string
  /** The value of a header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
  /** Address of the other end of the socket; undefined if the framework hides it. */
  readonly peer: string | undefined
  /** Port of this end of the socket; undefined if the framework hides it. */
  readonly port?: number | undefined
  /** The path of the mount, as the app sees it; undefined if the framework does not know it. */
  readonly mount?: string | undefined
  /** True if the request came over TLS to this process. */
  readonly isEncrypted: boolean
  /**
   * Reads a body of at most `most` bytes. Resolves with a string, or with the value that a body parser of the app has
   * made. Rejects with a RangeError if the body is longer. Rejects with an `ApiProblem` if a middleware has read the
   * body and kept nothing.
   */
  readonly body: (most: number) => Promise<unknown>
  /** The framework's own request, or its context. */
  readonly own: Own
  /** True once `auth` has replied through the framework, such as with `response.redirect`. */
  readonly isAnswered: () => boolean
  /** True if the reply may be compressed: only on node:http, if the client accepts gzip. */
  readonly canCompress: boolean
}

/** A reply of the inspector. */
export interface InspectorReply {
  readonly status: number
  /** Headers by name. Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** An `AsyncIterable` is sent piece by piece, while it is made. */
  readonly body: string | Uint8Array | AsyncIterable<string>
}

/** Maximum bytes of a request's body. The largest bodies contain an edited payload. */
export const MOST_BYTES: number = 2 * 1024 * 1024

/** Message of the RangeError that `InspectorRequest.body` rejects with. */
export const TOO_LARGE = 'too large'

/** Reads a body as text. Rejects with a RangeError if the body has more than `most` bytes. */
export async function readText(
  body: AsyncIterable<Uint8Array> | null,
  most: number,
): Promise<string> {
  const bytes = await readBounded(body, most, () => new RangeError(TOO_LARGE))
  return new TextDecoder().decode(bytes)
}

/** The header that every action needs. Forms and images on other sites cannot send this header. */
const ACTION_HEADER = 'x-postern-action'

/**
 * Returns true if the page itself sent an action. Browsers say this in `Sec-Fetch-Site`. Over plain HTTP from another
 * machine, browsers omit this header, so `Origin` must match `Host`. Returns false if the request has neither header.
 */
export function isSameOrigin({ header }: InspectorRequest): boolean {
  if (header(ACTION_HEADER) !== '1') return false
  const site = header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = header('origin')
  if (origin === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === header('host')?.toLowerCase()
}

/**
 * True if a page of another site sent the request. Such a page cannot read the reply. But the request would cost time,
 * and could sign a visitor in or out. Links on other sites may open the document.
 */
export function isForeign({ header, method }: InspectorRequest, isDocument: boolean): boolean {
  const site = header('sec-fetch-site')
  if (method !== 'GET' && method !== 'HEAD') return site === 'cross-site' || site === 'same-site'
  return site === 'cross-site' && !isDocument
}
