import type { Delivery } from '../delivery.ts'
import type { ErrorCode } from '../errors.ts'
import type { About } from '../provider/about.ts'

/** The reason why a delivery did not verify. The codes are stable. */
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

/**
 * How sure a finding is. `proven`: the delivery verifies once exactly this cause is undone. `likely` and `possible` are
 * guesses from how the delivery looks.
 */
export type Certainty = 'proven' | 'likely' | 'possible'

/** One reason why a delivery did not verify, in words for people. Quotes no secret, signature or payload. */
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
  /**
   * The findings, the best first. A proof can consist of several findings, all of which must be undone. These findings
   * are next to each other.
   */
  readonly findings: readonly Finding[]
  readonly stats: {
    /** Number of verifications that were tried. */
    readonly attempts: number
    /** Duration in milliseconds. */
    readonly ms: number
    /** True if a limit ended the search. */
    readonly stopped: boolean
  }
  /**
   * The request that verified, with its payload. Set with the option `repaired`, if the proven causes include a change
   * of the request.
   */
  readonly repaired?: RepairedRequest
}

/** A request that verified after all proven causes were undone. */
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
   * Returns the time at which to verify, in milliseconds since 1970. For an earlier delivery, return the time when it
   * arrived.
   * @default Date.now
   */
  readonly now?: () => number
  /** Maximum number of verifications to try. @default 20000 */
  readonly attempts?: number
  /**
   * Maximum time of the search, in milliseconds. One verification of a large body can exceed this time.
   * @default 1000
   */
  readonly ms?: number
  /**
   * If true, findings name secrets of 16 characters and more by a fingerprint. Set false if pages or agents show the
   * findings. Anybody who reads a fingerprint can test guesses, so only the operator's terminal and log may show it.
   * @default true
   */
  readonly fingerprints?: boolean
  /**
   * If true, the result also has the request that verified, with its payload, to show what was changed. @default false
   */
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

/** A cause with its message and remedy: a finding without its certainty. */
export interface Clue extends Omit<Finding, 'certainty'> {
  /** True if the cause stays a guess, even if undoing it makes the delivery verify. */
  readonly guessed?: boolean
}

export function finding({ cause, message, remedy }: Clue, certainty: Certainty): Finding {
  return { cause, certainty, message, remedy }
}

/** A change that may undo a cause: another request, other keys or other options. */
export interface Change {
  readonly steps: readonly Clue[]
  readonly request?: PlainRequest
  readonly keys?: readonly unknown[]
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

/** Returns a name from the network with special characters replaced, at most 100 characters. */
export function inertName(name: string): string {
  return name.replaceAll(/[^\w\-.[\] ]/g, '?').slice(0, 100)
}

export interface Reads {
  readonly headers: Set<string>
  url: boolean
  body: boolean
  method: boolean
}
