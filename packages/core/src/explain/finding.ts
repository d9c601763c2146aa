import type { Delivery } from '../delivery.ts'
import type { ErrorCode } from '../errors.ts'
import type { About } from '../provider/about.ts'

/** Why a delivery did not verify. The codes are stable. */
export type FindingCause =
  | 'secret-whitespace'
  | 'secret-quoted'
  | 'secret-encoding'
  | 'secret-prefix'
  | 'secret-wrong'
  | 'body-reserialized'
  | 'body-trailing-newline'
  | 'body-trimmed'
  | 'body-crlf'
  | 'body-bom'
  | 'body-charset'
  | 'body-decompressed'
  | 'body-truncated'
  | 'body-empty'
  | 'form-reencoded'
  | 'header-missing'
  | 'header-renamed'
  | 'header-joined'
  | 'signature-encoding'
  | 'signature-prefix'
  | 'signature-algorithm'
  | 'stale'
  | 'clock-skew'
  | 'clock-unit'
  | 'url-scheme'
  | 'url-host'
  | 'url-port'
  | 'url-path'
  | 'url-query'
  | 'parameters-order'
  | 'wrong-provider'
  | 'gateway-in-front'
  | 'credential-masked'

/** `proven`: the delivery verifies once exactly this is undone. The others are what the delivery looks like. */
export type Certainty = 'proven' | 'likely' | 'possible'

/** One reason, in words for people. It quotes no secret, no signature and no payload. */
export interface Finding {
  readonly cause: FindingCause
  readonly certainty: Certainty
  /** The cause, in one sentence. */
  readonly message: string
  /** The remedy. */
  readonly remedy: string
}

/** The result of {@link explain}. */
export interface Explanation {
  readonly verdict: 'accepted' | 'rejected'
  /** The code of the rejection; undefined if the delivery is accepted. */
  readonly code: ErrorCode | undefined
  /** Name of the provider that the findings are about. */
  readonly provider: string
  /** Best first. The causes of a proof are next to each other: all of them must be undone. */
  readonly findings: readonly Finding[]
  readonly stats: {
    /** Verifications that were tried. */
    readonly attempts: number
    /** How long it took, in milliseconds. */
    readonly ms: number
    /** True if a bound ended the search before everything was tried. */
    readonly stopped: boolean
  }
  /** With the option `repaired`, if a cause of the request itself is proven: the request as it verified. It has the payload. */
  readonly repaired?: RepairedRequest
}

/** A request as it verified once every proven cause was undone. */
export interface RepairedRequest {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyMap<string, readonly string[]>
  readonly body: Uint8Array
}

/** Options of {@link explain}. */
export interface ExplainOptions {
  /** Providers of other senders, to recognize their deliveries. @default none */
  readonly catalogue?: ReadonlyMap<string, About> | readonly About[]
  /** The time to judge by, in milliseconds since 1970. Give the time of arrival for an earlier delivery. @default Date.now */
  readonly now?: () => number
  /** Verifications that may be tried. @default 20000 */
  readonly attempts?: number
  /** Time that may be used, in milliseconds. Verifying a large body once can take longer than what is left. @default 1000 */
  readonly ms?: number
  /**
   * Whether findings tell secrets of 16 characters and more apart by a fingerprint. Give false for what a page or an
   * agent shows: a fingerprint is for the operator's own terminal and log, since who reads it can try guesses.
   * @default true
   */
  readonly fingerprints?: boolean
  /** Whether the request as it verified is returned too, payload and all, to show what was changed on its way. @default false */
  readonly repaired?: boolean
}

/** A delivery as the search changes it: plain data. */
export type PlainRequest = RepairedRequest

/** Plain data of a delivery. */
export function toPlain(delivery: Delivery): PlainRequest {
  const { method, url, body } = delivery
  const headers = new Map<string, readonly string[]>()
  for (const [name] of delivery.headerLines())
    headers.set(name.toLowerCase(), delivery.headers(name))
  return { method, url, headers, body }
}

/** One cause and its place: a finding that still needs its certainty. */
export interface Clue {
  readonly cause: FindingCause
  readonly message: string
  readonly remedy: string
  /** True if the delivery verifies and the cause is still only the best reading of why. */
  readonly guessed?: boolean
}

/** A finding of a step. */
export function finding({ cause, message, remedy }: Clue, certainty: Certainty): Finding {
  return { cause, certainty, message, remedy }
}

/** A change that undoes a cause: another request, other keys or other options. */
export interface Change {
  readonly steps: readonly Clue[]
  readonly request?: PlainRequest
  readonly keys?: readonly unknown[]
  /** Options to make the provider again with. */
  readonly options?: object
}

/** Copies of the headers with some lines in place of others. */
export function withHeaders(
  request: PlainRequest,
  changes: Readonly<Record<string, readonly string[] | undefined>>,
): PlainRequest {
  const headers = new Map(request.headers)
  for (const [name, lines] of Object.entries(changes)) {
    if (lines === undefined) headers.delete(name)
    else headers.set(name, lines)
  }
  return { ...request, headers }
}

/** Returns a name from the network as it may be inertName, at most 100 characters. */
export function inertName(name: string): string {
  return name.replaceAll(/[^\w\-.[\] ]/g, '?').slice(0, 100)
}

/** The parts of a delivery that a verification read. */
export interface Reads {
  /** Names of headers, in lower case, in the order they were first read. */
  readonly headers: Set<string>
  url: boolean
  body: boolean
  method: boolean
}
