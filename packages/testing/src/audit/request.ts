import { Buffer } from 'node:buffer'
import type { SignableRequest } from '@postern/core/scheme'
import type { SignaturePlace } from '@postern/core/internal'
import type { RemedyId } from './remedies/remedy.ts'

/** A request of a case. A header can occur twice. */
export interface AuditRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** How a network client sends the request. Ignored if the handler is called in this process. */
  readonly wire?: WireForm
}

/** How a network client sends a request, if not in the normal way. */
export interface WireForm {
  /** Request target to send unchanged, if a URL cannot represent the target. */
  readonly target?: string
  /** If true, sends the body in chunks, without a length. */
  readonly chunked?: boolean
  /** If true, sends header names in capitals. */
  readonly capitals?: boolean
  /** If true, reuses the connection of the previous request. */
  readonly same?: boolean
  /** Closes the connection after this number of bytes of the body. No reply is expected. */
  readonly cut?: number
  /** If true, closes the connection after the last byte. No reply is expected. */
  readonly leaves?: boolean
  /**
   * If true, sends the body one byte at a time. The sending ends when the other requests of the round have their
   * replies.
   */
  readonly slow?: boolean
  /** Length of the sent body, in bytes. `body` is repeated up to this length. */
  readonly length?: number
}

/** A reply of the receiver. */
export interface AuditReply {
  /** Status code; 0 if no reply came. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The part of the body that was read, as text. */
  readonly body: string
  readonly ms: number
  /** Reason why no reply came. */
  readonly error?: string
}

export function isAccepted(reply: AuditReply | undefined): boolean {
  return reply !== undefined && reply.status >= 200 && reply.status < 300
}

export function requestOf({ method, url, headers, body }: SignableRequest): AuditRequest {
  return { method, url, headers: Object.entries(headers), body }
}

export function headerOf(request: AuditRequest, name: string): string | undefined {
  return request.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1]
}

/** Replaces the values of a header. Without values, removes the header. */
export function withHeader(
  request: AuditRequest,
  name: string,
  ...values: readonly string[]
): AuditRequest {
  const kept = request.headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase())
  return { ...request, headers: [...kept, ...values.map((value) => [name, value] as const)] }
}

/** Replaces the body, but keeps the signature of the old body. */
export function withOtherBody(request: AuditRequest, body: string | Uint8Array): AuditRequest {
  return { ...request, body: typeof body === 'string' ? Buffer.from(body) : body }
}

export function withUrl(request: AuditRequest, change: (url: URL) => void): AuditRequest {
  const url = new URL(request.url)
  change(url)
  return { ...request, url: url.href }
}

export function textOfBody({ body }: AuditRequest): string {
  return Buffer.from(body).toString('utf8')
}

export function valueAt(request: AuditRequest, place: SignaturePlace): string | undefined {
  if ('header' in place) return headerOf(request, place.header)
  if ('query' in place) return new URL(request.url).searchParams.get(place.query) ?? undefined
  return undefined
}

/** Replaces the signature. Without values, removes the header or query parameter. */
export function withValue(
  request: AuditRequest,
  place: SignaturePlace,
  ...values: readonly string[]
): AuditRequest {
  if ('header' in place) return withHeader(request, place.header, ...values)
  if (!('query' in place)) return request
  return withUrl(request, ({ searchParams }) => {
    searchParams.delete(place.query)
    for (const value of values) searchParams.append(place.query, value)
  })
}

/** Severity of a finding. A `note` does not affect the grade. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'note'

/** All severities, most severe first. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'note']

/** Class of a case. Classes are played in this order. */
export type CaseClass =
  | 'authentic'
  | 'forged'
  | 'idempotency'
  | 'resilience'
  | 'spoilt'
  | 'surface'
  | 'leaks'
  | 'health'

/** The expected result of a case. */
export interface Expected {
  /**
   * `taken`: each reply is a 2xx. `busy`: at least one reply is a 2xx, and other replies may be 409, 425, 429 or 503
   * (the event is in progress). `rejected`: no reply is a 2xx or a 5xx. `sane`: each reply is below 500 and in time.
   */
  readonly reply: 'taken' | 'busy' | 'rejected' | 'sane'
  /** Expected number of effects of the handler, such as rows that it writes. @default effects are not judged */
  readonly effects?: number
  /** Text that the last reply must contain. */
  readonly text?: string
}

/** One requirement that a receiver must meet, as data. */
export interface AuditCase {
  /** Id of the case, such as `forged/no-signature`. A case has the same id for every sender. */
  readonly id: string
  readonly class: CaseClass
  readonly severity: Severity
  /** Description of what the case sends. */
  readonly what: string
  /**
   * Creates new requests at each call, in rounds. Rounds are sent one after another, and the requests of a round in
   * parallel.
   */
  readonly sends: () => readonly (readonly AuditRequest[])[]
  readonly expects: Expected
  /** Reason why the requirement matters. */
  readonly why: string
  /** Name of the remedy for a failure. */
  readonly remedy: RemedyId
  /** Reason why the case does not apply to this sender. Undefined if the case applies. @default the case is played */
  readonly skip?: string
  /**
   * Returns the same request for a URL without a route. If the receiver also accepts that request, its 2xx proves
   * nothing.
   */
  readonly control?: () => AuditRequest
  /** If true, waits for late effects of earlier deliveries. @default false */
  readonly late?: boolean
  /** Action between two rounds of requests. */
  readonly between?: 'restart'
  /**
   * True if the case is expensive for the receiver. Such a case is only sent to receivers on this machine. @default
   * false
   */
  readonly heavy?: boolean
  /**
   * Number of times that a failed case is played again to confirm the failure. Failures that depend on chance need
   * several. @default 1
   */
  readonly tries?: number
}

/**
 * Creates a case from its own values and the {@link SharedValues}. `sends` may return one request instead of rounds.
 */
type CaseMaker = (
  id: string,
  what: string,
  sends: () => AuditRequest | readonly (readonly AuditRequest[])[],
  more?: Partial<AuditCase>,
) => AuditCase

/** Values that are the same in all cases of one call of {@link casesLike}. */
export type SharedValues = Omit<AuditCase, 'id' | 'what' | 'sends'>

export function casesLike(shared: SharedValues): CaseMaker {
  return (id, what, sends, more) => ({
    ...shared,
    id: `${shared.class}/${id}`,
    what,
    sends() {
      const sent = sends()
      return 'method' in sent ? [[sent]] : sent
    },
    ...more,
  })
}
