import { readBounded } from '@postern/core/internal'

/** A request to the inspector, as any host can show it. `Own` is what the host hands to `auth`. */
export interface InspectorRequest<Own extends readonly unknown[] = readonly unknown[]> {
  readonly method: string
  /** Path and query, as the app sees them. */
  readonly target: string
  /** The value of a header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
  /** Address of the other end of the socket; undefined where the host hides it. */
  readonly peer: string | undefined
  /** Port of this end of the socket; undefined where the host hides it. */
  readonly port?: number | undefined
  /** The path of the mount, as the app sees it; undefined if the host does not know it. */
  readonly mount?: string | undefined
  /** True if the request came over TLS to this process. */
  readonly isEncrypted: boolean
  /**
   * Reads the body: a string, or the value that a parser of the app made of it. Rejects with a RangeError for a longer
   * body, and with an `ApiProblem` if a middleware has consumed it.
   */
  readonly body: (most: number) => Promise<unknown>
  /** The framework's own request, or its context. */
  readonly own: Own
  /** True once `auth` has answered by itself, as with `response.redirect`. */
  readonly isAnswered: () => boolean
  /** True if the reply may be compressed: only on node:http. */
  readonly canCompress: boolean
}

/** A reply of the inspector. */
export interface InspectorReply {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** A stream of text is written while it is made. */
  readonly body: string | Uint8Array | AsyncIterable<string>
}

/** The most bytes of a body: an edited payload. */
export const MOST_BYTES: number = 2 * 1024 * 1024

/** Message of the RangeError that `InspectorRequest.body` rejects with. */
export const TOO_LARGE = 'too large'

/** Reads a body as text, at most that many bytes: strangers send it. */
export async function readText(
  body: AsyncIterable<Uint8Array> | null,
  most: number,
): Promise<string> {
  const bytes = await readBounded(body, most, () => new RangeError(TOO_LARGE))
  return new TextDecoder().decode(bytes)
}

/** The header that an action needs: a form or an image of another site cannot send it. */
const ACTION_HEADER = 'x-postern-action'

/**
 * True if the page itself sent an action. The browser says so in `Sec-Fetch-Site`. Without that header (plain HTTP from
 * another machine), `Origin` must match Host. A request with neither is rejected.
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
 * True if a page of another site sent the request. That page could not read the reply, but the reply would cost as much,
 * and it could sign a visitor in or out. A link of another site may open the document.
 */
export function isForeign({ header, method }: InspectorRequest, isDocument: boolean): boolean {
  const site = header('sec-fetch-site')
  if (method !== 'GET' && method !== 'HEAD') return site === 'cross-site' || site === 'same-site'
  return site === 'cross-site' && !isDocument
}
