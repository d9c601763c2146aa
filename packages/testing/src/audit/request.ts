import { Buffer } from 'node:buffer'
import type { SignableRequest } from '@postern/core/scheme'
import type { SignaturePlace } from '@postern/core/internal'
import type { RemedyId } from './remedies/next.ts'

/** A request of a case. Headers can come twice. */
export interface AuditRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** How its bytes go over the network; what calls a handler in process ignores it. */
  readonly wire?: WireForm
}

/** What a network client does with a request in addition to sending it. */
export interface WireForm {
  /** The request target as it is written, where URLs would change it. */
  readonly target?: string
  /** The body goes in chunks, without its length. */
  readonly chunked?: boolean
  /** Names of headers are written in capitals. */
  readonly capitals?: boolean
  /** It goes over the connection of the request before. */
  readonly same?: boolean
  /** The sender is gone after this many bytes of the body: no reply is expected. */
  readonly cut?: number
  /** The sender is gone when all is sent: no reply is expected. */
  readonly leaves?: boolean
  /** The body comes a byte at a time for as long as the other requests of its round need. */
  readonly slow?: boolean
  /** The declared length, of which `body` is the start, repeated. */
  readonly length?: number
}

/** What came back. */
export interface AuditReply {
  /** 0 without a reply. */
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Its text, as far as it was read. */
  readonly body: string
  readonly ms: number
  /** Why there is no reply. */
  readonly error?: string
}

/** What a provider signed, as a request of a case. */
export function requestOf({ method, url, headers, body }: SignableRequest): AuditRequest {
  return { method, url, headers: Object.entries(headers), body }
}

/** The first value of a header. */
export function headerOf(request: AuditRequest, name: string): string | undefined {
  return request.headers.find(([one]) => one.toLowerCase() === name.toLowerCase())?.[1]
}

/** The request with other values of a header; with none, it is taken away. */
export function withHeader(
  request: AuditRequest,
  name: string,
  ...values: readonly string[]
): AuditRequest {
  const kept = request.headers.filter(([one]) => one.toLowerCase() !== name.toLowerCase())
  return { ...request, headers: [...kept, ...values.map((value) => [name, value] as const)] }
}

/** The request with another body under the signature that it has. */
export function withOtherBody(request: AuditRequest, body: string | Uint8Array): AuditRequest {
  return { ...request, body: typeof body === 'string' ? Buffer.from(body) : body }
}

/** The request at another URL. */
export function withUrl(request: AuditRequest, change: (url: URL) => void): AuditRequest {
  const url = new URL(request.url)
  change(url)
  return { ...request, url: url.href }
}

/** The text of a body. */
export function textOfBody({ body }: AuditRequest): string {
  return Buffer.from(body).toString('utf8')
}

/** What is in the place of the signature. */
export function valueAt(request: AuditRequest, place: SignaturePlace): string | undefined {
  if ('header' in place) return headerOf(request, place.header)
  if ('query' in place) return new URL(request.url).searchParams.get(place.query) ?? undefined
  return undefined
}

/** The request with other values in the place of the signature; with none, it is taken away. */
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

/** How bad a finding is. A `note` is reported and does not count. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'note'

/** All, the worst first. */
export const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'note']

/** What a case is about. They are played in this order. */
export type CaseClass =
  | 'authentic'
  | 'forged'
  | 'idempotency'
  | 'resilience'
  | 'spoilt'
  | 'surface'
  | 'leaks'
  | 'health'

/** What must come of the requests of a case. */
export interface Expected {
  /**
   * `taken`: each reply is a 2xx. `busy`: at least one is, and others may say that it is being handled (409, 425, 429, 503).
   * `rejected`: none is a 2xx or a 5xx. `sane`: each is below 500 and comes in time.
   */
  readonly reply: 'taken' | 'busy' | 'rejected' | 'sane'
  /** How often the effect must happen in all. @default it is not judged */
  readonly effects?: number
  /** A text that the last reply must hold. */
  readonly text?: string
}

/** One thing that a receiver must get right, as data. */
export interface AuditCase {
  /** As in `forged/no-signature`: the same for every sender. */
  readonly id: string
  readonly class: CaseClass
  readonly severity: Severity
  /** What is sent, in words. */
  readonly what: string
  /** Makes the requests: rounds one after another, the requests of a round at once. Fresh ones at each call. */
  readonly sends: () => readonly (readonly AuditRequest[])[]
  readonly expects: Expected
  /** Why it matters. */
  readonly why: string
  /** What is to be done: the name of a remedy. */
  readonly remedy: RemedyId
  /** Why it is not sent to this sender's receivers. @default it is sent */
  readonly skip?: string
  /** A request that no route answers: if that is taken as well, a 2xx says nothing. */
  readonly control?: () => AuditRequest
  /** True if effects that come late are waited for. @default false */
  readonly late?: boolean
  /** What happens between its rounds. */
  readonly between?: 'restart'
  /** True if it costs the receiver much: it goes to receivers of this machine alone. @default false */
  readonly heavy?: boolean
  /** How often a failure is tried again before it is dropped, for what happens by chance. @default 1 */
  readonly tries?: number
}
