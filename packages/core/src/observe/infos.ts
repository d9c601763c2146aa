import type { ErrorCode } from '../errors.ts'
import type { EventRecord } from '../event.ts'
import type { ArrivalOutcome } from '../inbox/journal.ts'

/** A request, as far as observers may know it: no header, no query, no body. */
export interface RequestInfo {
  readonly receiver: string
  readonly provider: string
  readonly method: string
  /** Path of the URL, without query. */
  readonly path: string
  /** Bytes on the wire. */
  readonly bytes: number
  /** When its head arrived, in milliseconds since 1970. */
  readonly at: number
  /** The same on the receiver's monotonic clock, in milliseconds: `at` of `step` is on it too. */
  readonly started: number
  /** The sender's trace context, only if an observer has `carrier`. Anybody can send one. */
  readonly trace?: { readonly traceparent: string; readonly tracestate?: string }
}

/** A reply, as observers get it. */
export interface AnsweredInfo {
  readonly outcome: ArrivalOutcome
  readonly status: number
  /** Milliseconds from the head of the request to the reply. */
  readonly took: number
  /** Code of the rejection. */
  readonly code?: ErrorCode
  /** Events of the delivery; empty if none was read. */
  readonly events: readonly EventInfo[]
}

/** An event, as far as observers may know it. */
export interface EventInfo {
  readonly receiver: string
  readonly provider: string
  readonly id: string | undefined
  readonly topic: string
  readonly tenant: string | undefined
}

/** An attempt at a task. */
export interface AttemptInfo extends EventInfo {
  readonly subscription: string
  readonly task: string
  /** 1 for the first. */
  readonly attempt: number
  /** Name of this child task among its siblings: a destination of `forward`. Undefined if it was not spawned. */
  readonly part: string | undefined
  /** When the delivery of its event arrived, in milliseconds since 1970. */
  readonly receivedAt: number
  /** The trace context that `carrier` stored with its event. */
  readonly carrier: Readonly<Record<string, string>> | undefined
}

/** What follows from a failed attempt, before it is stored: another attempt at a time in milliseconds since 1970, or none. */
export type Planned = { readonly kind: 'retry'; readonly at: number } | { readonly kind: 'dead' }

/** A task that ended without a run of its own. */
export interface FoldedInfo {
  readonly receiver: string
  readonly subscription: string
  /** Identity of the task in its inbox. */
  readonly task: string
  /** The task that stands for it; undefined if it was older than an event that came before it. */
  readonly into: string | undefined
}

/** A run that ended without an outcome. */
export interface InterruptedInfo {
  readonly receiver: string
  readonly subscription: string
  readonly task: string
  readonly attempt: number
  /** How many in a row. After three the task is a suspect, and runs alone. */
  readonly count: number
  /** Interruptions in a row that counted against the task as a suspect. With as many as its policy has attempts, and at least 5, it is dead as `poison`. */
  readonly strikes: number
}

/** What somebody did to tasks by hand. */
export interface ActedInfo {
  readonly action: 'replay' | 'delete' | 'rerun' | 'sample' | 'mute'
  /** Who did it, as the `auth` of the inspector names them. */
  readonly as: string | undefined
  /** Tasks that were changed; a change of many comes in chunks. */
  readonly count: number
  /** The filter of the change, the task or the receiver, as text. It may hold ids of events. */
  readonly target: string
}

/** Names of the steps of a delivery, in their order. `read` is the adapter's. */
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

/** An event as observers may know it. */
export function eventInfo(receiver: string, event: EventRecord): EventInfo {
  const { provider, id, topic, tenant } = event
  return { receiver, provider, id, topic, tenant }
}

/** An HTTP call to a destination, as observers may know it: no path and no query, since they may hold a secret. */
export interface CallInfo {
  /** The attempt that calls. */
  readonly attempt: AttemptInfo
  /** Name of the destination. */
  readonly destination: string
  readonly method: string
  readonly scheme: string
  readonly host: string
  readonly port: number
}

/** Calls to a destination pause in this process, or continue. */
export interface PauseInfo {
  readonly receiver: string
  readonly subscription: string
  /** Name of the destination. */
  readonly destination: string
  /** The end of the pause, in milliseconds since 1970: then one call is made as a probe. Undefined if calls continue. */
  readonly until: number | undefined
}
