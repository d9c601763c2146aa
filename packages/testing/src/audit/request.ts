import { Buffer } from 'node:buffer'
import type { SignableRequest } from '@postern/core/scheme'
import type { SignaturePlace } from '@postern/core/internal'
import type { RemedyId } from './remedies/next.ts'

/** Request of a case. A header can occur twice. */
export interface AuditRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** How a network client sends it. Calls in process ignore it. */
  readonly wire?: WireForm
}

/** How a network client sends a request. */
export interface WireForm {
  /** Request target exactly as sent, where a URL would change it. */
  readonly target?: string
  /** Sends the body in chunks, without a length. */
  readonly chunked?: boolean
  /** Sends header names in capitals. */
  readonly capitals?: boolean
  /** Reuses the connection of the previous request. */
  readonly same?: boolean
  /** Closes the connection after this many bytes of the body. No reply is expected. */
  readonly cut?: number
  /** Closes the connection after the last byte. No reply is expected. */
  readonly leaves?: boolean
  /** Sends the body a byte at a time until the other requests of the round have their replies. */
  readonly slow?: boolean
  /** Declared length in bytes. `body` is the start and is repeated. */
  readonly length?: number
}

/** Reply of the receiver. */
export interface AuditReply {
  /** Status code; 0 if no reply came. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Text of the body, as far as it was read. */
  readonly body: string
  readonly ms: number
  /** Reason why no reply came. */
  readonly error?: string
}

/** Returns true for a 2xx. */
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

/** Replaces the body and keeps the signature. */
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

/** Returns the value at the place of the signature. */
export function valueAt(request: AuditRequest, place: SignaturePlace): string | undefined {
  if ('header' in place) return headerOf(request, place.header)
  if ('query' in place) return new URL(request.url).searchParams.get(place.query) ?? undefined
  return undefined
}

/** Replaces the values at the place of the signature. Without values, removes the signature. */
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

/** Severity of a finding. A `note` is reported and does not count. */
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

/** Expected result of a case. */
export interface Expected {
  /**
   * `taken`: each reply is a 2xx. `busy`: at least one is, and others may say that the event is in progress (409, 425,
   * 429, 503). `rejected`: none is a 2xx or a 5xx. `sane`: each is below 500 and in time.
   */
  readonly reply: 'taken' | 'busy' | 'rejected' | 'sane'
  /** Expected number of effects. @default effects are not judged */
  readonly effects?: number
  /** Text that the last reply must contain. */
  readonly text?: string
}

/** One requirement of a receiver, as data. */
export interface AuditCase {
  /** Id such as `forged/no-signature`, the same for every sender. */
  readonly id: string
  readonly class: CaseClass
  readonly severity: Severity
  /** Description of the requests. */
  readonly what: string
  /** Creates new requests at each call. Rounds are sent in order, the requests of a round in parallel. */
  readonly sends: () => readonly (readonly AuditRequest[])[]
  readonly expects: Expected
  /** Reason why it matters. */
  readonly why: string
  /** Id of the remedy. */
  readonly remedy: RemedyId
  /** Reason why the case does not apply to this sender. @default the case is played */
  readonly skip?: string
  /** Request to a URL without a route. If that is accepted too, a 2xx proves nothing. */
  readonly control?: () => AuditRequest
  /** True waits for late effects. @default false */
  readonly late?: boolean
  /** Action between the rounds. */
  readonly between?: 'restart'
  /** True if the case is expensive for the receiver. It is sent only to receivers on this machine. @default false */
  readonly heavy?: boolean
  /** Number of attempts to reproduce a failure that depends on chance. @default 1 */
  readonly tries?: number
}

/** Creates cases that share these members. `sends` may return a single request. */
type CaseMaker = (
  id: string,
  what: string,
  sends: () => AuditRequest | readonly (readonly AuditRequest[])[],
  more?: Partial<AuditCase>,
) => AuditCase

export function casesLike(shared: Omit<AuditCase, 'id' | 'what' | 'sends'>): CaseMaker {
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
