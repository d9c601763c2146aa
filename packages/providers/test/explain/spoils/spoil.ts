import type { DeliveryInit } from '@postern/core'
import type { FindingCause } from '@postern/core/explain'
import type { Provider, SignableRequest } from '@postern/core/scheme'
import { NOW, type Sealed } from '../sealed.ts'

/** A delivery after a spoil, and the provider that verifies it. */
export interface Spoilt {
  readonly request: SignableRequest & { readonly lines?: DeliveryInit['headers'] }
  readonly provider: Provider
  readonly now: number
  readonly secret: string
  /** True if the original of this delivery cannot be restored. */
  readonly lost?: boolean
  /** True if another body was signed than that of the sealed delivery. */
  readonly resigned?: boolean
}

/**
 * One thing that goes wrong between a sender and a receiver. `apply` returns undefined if it cannot happen to this
 * delivery.
 */
export interface Spoil {
  readonly name: string
  readonly cause: FindingCause
  /** True if lost information cannot be restored, so that `likely` is the right certainty. */
  readonly loses?: boolean
  apply(from: Spoilt, sealed: Sealed): Spoilt | undefined
}

export function clean(sealed: Sealed): Spoilt {
  return { request: sealed.request, provider: sealed.provider(), now: NOW, secret: sealed.secret }
}

export function withHeaders(from: Spoilt, headers: SignableRequest['headers']): Spoilt {
  return { ...from, request: { ...from.request, headers } }
}

export function withBody(from: Spoilt, body: Uint8Array<ArrayBuffer>): Spoilt {
  return { ...from, request: { ...from.request, body } }
}

export const text = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
export const bytes = (body: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(body)
