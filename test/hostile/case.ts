import type { ReceiverOptions } from '@postern/core'
import type { Provider } from '@postern/core/scheme'

/** One request as it goes over the wire. */
export interface Wire {
  readonly method: string
  /** Absolute: its origin is what the sender addressed. */
  readonly url: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** Only the head is sent: the reply must come before the body. */
  readonly headAlone?: boolean
}

/** What a handler was given. */
export interface Run {
  readonly topic: string
  readonly payload: unknown
}

/** A request and the reply it must get. */
export interface Step {
  readonly wire: Wire
  /** The statuses that are right. */
  readonly status: readonly number[]
  /** The codes that are right, for a rejection. Any if absent. */
  readonly code?: readonly string[]
}

/** A named attack, or a genuine delivery in an odd form, with the reply it must get. */
export interface HostileCase {
  readonly name: string
  /** What kind of attack it is. */
  readonly class: string
  readonly provider: () => Provider
  /** The clock in milliseconds since 1970. @default the time of the day */
  readonly now?: number | undefined
  readonly options?: Partial<ReceiverOptions>
  readonly steps: readonly Step[]
  /** The events that handlers may get, in any order: nothing else, and all of them. */
  readonly runs: readonly Run[]
  /** True if none of `runs` is right too. */
  readonly orNone?: boolean
  /** True if the first step is genuine: handlers may get what they got of it again, and nothing else. */
  readonly sameAsFirst?: boolean
  /** True if they may get it once only. */
  readonly once?: boolean
  /** What else must hold once all is over: says what is wrong. */
  readonly after?: () => string | undefined
  /** Hosts that cannot carry these requests, with the reason. */
  readonly without?: Readonly<Record<string, string>>
}

/** What a handler was given; bytes as base64, since hosts have them in different classes. */
export function runOf(topic: string, payload: unknown): Run {
  return payload instanceof Uint8Array
    ? { topic, payload: { base64: Buffer.from(payload).toString('base64') } }
    : { topic, payload }
}

/** Statuses of a delivery that was taken, or whose events are known. */
export const TAKEN: readonly number[] = [200, 201, 202, 204]
/** Statuses of a rejection that is the sender's fault. */
export const REJECTED: readonly number[] = [400, 401, 403, 404, 405, 409, 413, 415]

/** The request with other headers: undefined takes a header away. */
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

/** The value of a header. */
export function headerOf(wire: Wire, name: string): string | undefined {
  return wire.headers.find(([one]) => one.toLowerCase() === name)?.[1]
}
