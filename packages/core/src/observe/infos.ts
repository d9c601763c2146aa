import type { ErrorCode } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import type { ArrivalOutcome } from '../inbox/journal.ts'

/** A request for observers: without headers, query and body. */
export interface RequestInfo {
  readonly receiver: string
  readonly provider: string
  readonly method: string
  /** Path of the URL, without query. */
  readonly path: string
  readonly bytes: number
  /** When its head arrived, in milliseconds since 1970. */
  readonly at: number
  /** When its head arrived, on the receiver's monotonic clock in milliseconds; `at` of `step` uses it too. */
  readonly started: number
  /** The trace context of the request, if an observer has `carrier`. Anybody can send one. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string }
}

/** A reply for observers. */
export interface AnsweredInfo {
  readonly outcome: ArrivalOutcome
  readonly status: number
  /** Milliseconds from the head of the request to the reply. */
  readonly took: number
  readonly code?: ErrorCode
  /** Events of the delivery; empty if it was not parsed. */
  readonly events: readonly EventInfo[]
}

/** An event for observers: without its payload. */
export interface EventInfo {
  readonly receiver: string
  readonly provider: string
  readonly id: string | undefined
  readonly topic: string
  readonly tenant: string | undefined
}

export interface AttemptInfo extends EventInfo {
  readonly subscription: string
  readonly task: string
  /** 1 for the first. */
  readonly attempt: number
  /** Name of this child task among its siblings, such as a destination of `forward`; undefined if it was not spawned. */
  readonly part: string | undefined
  /** When the delivery of its event arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** The trace context that `carrier` returned for its event. */
  readonly carrier: Readonly<Record<string, string>> | undefined
}

/** The next step after a failed attempt: a retry at a time in milliseconds since 1970, or the end of the task. It is not stored yet. */
export type Planned = { readonly kind: 'retry'; readonly at: number } | { readonly kind: 'dead' }

/** A task that is done without a run of its own. */
export interface FoldedInfo {
  readonly receiver: string
  readonly subscription: string
  readonly task: string
  /** The task that runs instead; undefined if a newer event had already arrived. */
  readonly into: string | undefined
}

export interface InterruptedInfo {
  readonly receiver: string
  readonly subscription: string
  readonly task: string
  readonly attempt: number
  /** Number of interruptions in a row. After three, the task is a suspect and runs alone. */
  readonly count: number
  /**
   * Number of interruptions in a row while the task ran as a suspect. The task is dead as `poison` when this reaches the
   * attempts of its policy, and at least 5.
   */
  readonly strikes: number
}

export interface ActedInfo {
  readonly action: 'replay' | 'delete' | 'rerun' | 'sample' | 'mute'
  /** The operator, as the `auth` of the inspector names them. */
  readonly as: string | undefined
  /** Number of changed tasks. A large change is reported in chunks. */
  readonly count: number
  /** The filter, task or receiver, as text. It may contain ids of events. */
  readonly target: string
}

/** The steps of a delivery, in their order. Adapters do `read`. */
export type StepName =
  | 'admit'
  | 'read'
  | 'greet'
  | 'verify'
  | 'parse'
  | 'handshake'
  | 'identify'
  | 'accept'
  | 'reply'

export function eventInfo(receiver: string, event: EventRecord): EventInfo {
  const { provider, id, topic, tenant } = event
  return { receiver, provider, id, topic, tenant }
}

/** An HTTP call to a destination, for observers. Path and query are left out, since they may contain a secret. */
export interface CallInfo {
  readonly attempt: AttemptInfo
  readonly destination: string
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly port: number
}

export interface PauseInfo {
  readonly receiver: string
  readonly subscription: string
  readonly destination: string
  /** End of the pause, in milliseconds since 1970: then one call is made as a probe. Undefined if calls continue. */
  readonly until: number | undefined
}
