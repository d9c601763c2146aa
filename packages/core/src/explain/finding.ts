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

/** `proven`: the delivery verifies when exactly this is undone. The others are guesses from what the delivery looks like. */
export type Certainty = 'proven' | 'likely' | 'possible'

/** One reason, in words for people. It quotes no secret, signature or payload. */
export interface Finding {
  readonly cause: FindingCause
  readonly certainty: Certainty
  readonly message: string
  readonly remedy: string
}

/** The result of {@link explain}. */
export interface Explanation {
  readonly verdict: 'accepted' | 'rejected'
  /** Code of the rejection; undefined if the delivery is accepted. */
  readonly code: ErrorCode | undefined
  /** Name of the explained provider. */
  readonly provider: string
  /** The findings, best first. The causes of a proof are next to each other: undo all of them. */
  readonly findings: readonly Finding[]
  readonly stats: {
    /** Number of tried verifications. */
    readonly attempts: number
    /** Duration in milliseconds. */
    readonly ms: number
    /** True if a limit ended the search. */
    readonly stopped: boolean
  }
  /** The request that verified, payload included: with the option `repaired`, if a cause in the request is proven. */
  readonly repaired?: RepairedRequest
}

/** A request that verified after every proven cause was undone. */
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
  /**
   * Returns the time of the verification, in milliseconds since 1970. For an earlier delivery, return the time of its arrival.
   * @default Date.now
   */
  readonly now?: () => number
  /** Maximum number of verifications. @default 20000 */
  readonly attempts?: number
  /** Maximum time in milliseconds. One verification of a large body can exceed it. @default 1000 */
  readonly ms?: number
  /**
   * True distinguishes secrets of 16 characters and more by a fingerprint. Set it to false for pages and agents: anybody who
   * reads a fingerprint can test guesses, so it is only for the operator's own terminal and log. @default true
   */
  readonly fingerprints?: boolean
  /** True also returns the request that verified, payload included, to show what was changed. @default false */
  readonly repaired?: boolean
}

export type PlainRequest = RepairedRequest

export function toPlain(delivery: Delivery): PlainRequest {
  const { method, url, body } = delivery
  const headers = new Map<string, readonly string[]>()
  for (const [name] of delivery.headerLines())
    headers.set(name.toLowerCase(), delivery.headers(name))
  return { method, url, headers, body }
}

/** A cause and its place: a finding without its certainty. */
export interface Clue {
  readonly cause: FindingCause
  readonly message: string
  readonly remedy: string
  /** True if the delivery verifies but the cause is a guess. */
  readonly guessed?: boolean
}

export function finding({ cause, message, remedy }: Clue, certainty: Certainty): Finding {
  return { cause, certainty, message, remedy }
}

/** A change that undoes a cause: another request, other keys or other options. */
export interface Change {
  readonly steps: readonly Clue[]
  readonly request?: PlainRequest
  readonly keys?: readonly unknown[]
  /** Changed options of the provider. */
  readonly options?: object
}

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

/** Returns a name from the network without special characters, at most 100 characters. */
export function inertName(name: string): string {
  return name.replaceAll(/[^\w\-.[\] ]/g, '?').slice(0, 100)
}

export interface Reads {
  readonly headers: Set<string>
  url: boolean
  body: boolean
  method: boolean
}
