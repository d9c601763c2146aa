import type { ErrorCode } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import type { ArrivalOutcome } from '../inbox/journal.ts'

/** A request as observers get it: without headers, query and body. */
export interface RequestInfo {
  readonly receiver: string
  readonly provider: string
  readonly method: string
  /** Path of the URL, without query. */
  readonly path: string
  /** Size of the body, in bytes. */
  readonly bytes: number
  /** When the head of the request arrived, in milliseconds since 1970. */
  readonly at: number
  /**
   * When the head of the request arrived, in milliseconds on the receiver's monotonic clock, like the argument `at` of
   * the observer's method `step`.
   */
  readonly started: number
  /** The trace context of the request, if an observer has the method `carrier`. Anybody can send a trace context. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string }
}

/** A reply as observers get it. */
export interface AnsweredInfo {
  readonly outcome: ArrivalOutcome
  readonly status: number
  /** Time from the head of the request to the reply, in milliseconds. */
  readonly took: number
  readonly code?: ErrorCode
  /** Events of the delivery; empty if the delivery was not parsed. */
  readonly events: readonly EventInfo[]
}

/** An event as observers get it: without its payload. */
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
  /** Number of the attempt; 1 for the first. */
  readonly attempt: number
  /** Name of a child task that `task.spawn` created, such as a destination of `forward`; undefined for other tasks. */
  readonly part: string | undefined
  /** When the delivery of the event arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** The trace context that an observer's method `carrier` returned when the event was stored. */
  readonly carrier: Readonly<Record<string, string>> | undefined
}

/**
 * What happens after a failed attempt: a retry at `at`, in milliseconds since 1970, or the end of the task. Observers
 * get the plan before the inbox stores it.
 */
export type Planned = { readonly kind: 'retry'; readonly at: number } | { readonly kind: 'dead' }

/** A task that becomes done without its own run: `debounce` merged its event into a newer task with the same key. */
export interface FoldedInfo {
  readonly receiver: string
  readonly subscription: string
  readonly task: string
  /**
   * Id of the task that runs instead; undefined if the option `newest` shows that this event is older than an event
   * that arrived before.
   */
  readonly into: string | undefined
}

export interface InterruptedInfo {
  readonly receiver: string
  readonly subscription: string
  readonly task: string
  readonly attempt: number
  /** Number of interruptions in a row. After three, the task is a suspect (it may crash the process) and runs alone. */
  readonly count: number
  /**
   * Number of interruptions in a row while the task ran as a suspect. The task becomes dead as `poison` after 5 such
   * interruptions, or after the number of attempts in the retry policy if that is higher.
   */
  readonly strikes: number
}

export interface ActedInfo {
  readonly action: 'replay' | 'delete' | 'rerun' | 'sample' | 'mute'
  /** Name of the operator, from the inspector's option `auth`. */
  readonly as: string | undefined
  /** Number of changed tasks. A large change is reported in several parts. */
  readonly count: number
  /** The filter, task or receiver that the operator chose, as text. The text may contain ids of events. */
  readonly target: string
}

/** The steps of a delivery, in order. The adapter does the step `read`. */
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
  /**
   * End of the pause, in milliseconds since 1970. Then one call is made to test the destination. Undefined if calls
   * continue.
   */
  readonly until: number | undefined
}
