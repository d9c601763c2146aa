import type { ReceiverOptions } from '@postern/core'
import type { Provider } from '@postern/core/scheme'

export interface Wire {
  readonly method: string
  /** Absolute URL that the sender addressed. */
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** Sends only the head. The reply must come without the body. */
  readonly headAlone?: boolean
}

export interface Run {
  readonly topic: string
  readonly payload: unknown
}

export interface Step {
  readonly wire: Wire
  readonly status: readonly number[]
  /** Allowed codes of a rejection. @default any */
  readonly code?: readonly string[]
}

/** Attack, or unusual genuine delivery, with the required reply. */
export interface HostileCase {
  readonly name: string
  readonly class: string
  readonly provider: () => Provider
  /** Receiver's clock, in milliseconds since 1970. @default the current time */
  readonly now?: number | undefined
  readonly options?: Partial<ReceiverOptions>
  readonly steps: readonly Step[]
  /** The events that handlers must get, in any order. They must get no others. */
  readonly runs: readonly Run[]
  /** Also allows that no handler runs. */
  readonly orNone?: boolean
  /** The first step is a genuine delivery. Handlers may get its events again, but no other events. */
  readonly sameAsFirst?: boolean
  /** Handlers may get these events only once. */
  readonly once?: boolean
  /** Final check, which returns what is wrong. */
  readonly after?: () => string | undefined
  /** Hosts that cannot send these requests, and the reason. */
  readonly without?: Readonly<Record<string, string>>
}

/** Returns a run. Bytes become base64, because hosts use different classes for bytes. */
export function runOf(topic: string, payload: unknown): Run {
  return payload instanceof Uint8Array
    ? { topic, payload: { base64: Buffer.from(payload).toString('base64') } }
    : { topic, payload }
}

/** Statuses of a delivery that is accepted or a duplicate. */
export const TAKEN: readonly number[] = [200, 201, 202, 204]
/** Statuses of a rejection that is the sender's error. */
export const REJECTED: readonly number[] = [400, 401, 403, 404, 405, 409, 413, 415]

/** Replaces headers. The value undefined removes a header. */
export function withHeaders(
  wire: Wire,
  headers: Readonly<Record<string, string | undefined>>,
): Wire {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  const kept = wire.headers.filter(([name]) => !names.has(name.toLowerCase()))
  const added = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return { ...wire, headers: [...kept, ...added] }
}

export function headerOf(wire: Wire, name: string): string | undefined {
  return wire.headers.find(([one]) => one.toLowerCase() === name)?.[1]
}
