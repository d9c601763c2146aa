import type { AnyCommit } from '../subscribe/task.ts'
import type { Duration } from '../basics/deadline.ts'
import type { EventMap, WebhookEvent } from '../event.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { KeyOption } from '../inbox/seal.ts'
import type { LimitOptions } from '../limits.ts'
import type { Observer } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'
import type { Dedupe } from '../receive/identity.ts'
import type { AckOption } from '../receive/reply/ack.ts'

/** Options of `createReceiver`. */
export interface ReceiverOptions<
  Events extends EventMap = EventMap,
  Commit extends AnyCommit = AnyCommit,
> {
  /** Who sends. */
  readonly provider: Provider<Events>
  /** Where accepted events live until done. @default memoryInbox(), which forgets them when the process ends */
  readonly inbox?: Inbox<Commit>
  /** Part of each event's identity and unique in its inbox: stable over restarts. @default the provider's name */
  readonly name?: string
  /** Bounds of what one delivery may cost. */
  readonly limits?: LimitOptions
  /** Status of the acknowledgement: 200, 202 or 204, or 302 with a location if the sender accepts redirects. @default 200 with an empty body */
  readonly ack?: AckOption
  /**
   * The tenant of an event that has no scope: its tasks take turns with those of other tenants, so that one tenant's backlog does not
   * delay the others. It is asked only for those: where the secret that verified an event has a scope, that is the tenant, and with
   * `perTenant` it is a `TypeError`. @default none
   */
  readonly fairBy?: (event: WebhookEvent) => string
  /** The time in milliseconds since 1970. @default () => Date.now() */
  readonly now?: () => number
  /** Observers beside the logger. */
  readonly observers?: readonly Observer[]
  /** The logger: an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
  /**
   * Events without a subscription are acknowledged and dropped, stored for a later handler, or refused with 404. Without it, a
   * receiver that has no subscription and no answer at all refuses every delivery with 500. @default 'acknowledge'
   */
  readonly onUnhandled?: 'acknowledge' | 'store' | 'refuse'
  /**
   * The identity of an event. `id`: the sender's id. `id+digest`: the id, and the signed content (method, body, topic and
   * time), so that a captured delivery under another id is a duplicate. `digest`: the id, else a digest of the body.
   * `none`: no two events are the same.
   * @default 'id'; 'id+digest' if the provider says `repeats: false` and its signature does not cover the id
   */
  readonly dedupe?: Dedupe
  /** `exact` returns integers beyond 2^53 in JSON payloads as BigInt. @default 'number' */
  readonly integers?: 'number' | 'exact'
  /**
   * `strict` refuses a body with 415 if its Content-Type contradicts the format in which it is read. Most senders do
   * not sign the label, so it never chooses the format. @default that of the provider, else 'ignore'
   */
  readonly labels?: 'ignore' | 'strict'
  /**
   * False if another process runs the tasks (`receiver.work()` there). `drain`: only `receiver.drain()` runs them, for
   * hosts without a permanent process. @default true
   */
  readonly work?: boolean | 'drain'
  /** Milliseconds of a clock that never goes back, for durations. @default () => performance.now() */
  readonly monotonic?: () => number
  /** False writes nothing to the inbox's journal of deliveries and counts. @default true */
  readonly journal?: boolean
  /**
   * Most refused deliveries of a minute whose head and body are kept for `explain`, for each code and size: half of them
   * for requests that look like verified deliveries. Requests up to 2 KiB have 768 places at most, and those of each
   * doubled size up to 256 KiB have 384 KiB, so that large requests never take the place of small ones. They are kept without
   * credentials, and sealed if `seal` is set. Those of the last three such minutes stay. False keeps none. @default 1000
   */
  readonly refusedBodies?: number | false
  /**
   * Encrypts payloads, headers and bodies in the inbox, those of refused deliveries too, with AES-256-GCM: 32 bytes, as they are, in base64 or in hex.
   * With several keys the first one seals and all of them open, so that a key can be changed. Topic, ids, times and error
   * texts stay readable, and the journal's path and reply. @default stored as they came
   */
  readonly seal?: KeyOption
  /**
   * The contents that stay in the inbox once the last task of an event is done or discarded. `body: false` erases
   * payload, headers, query and body; a function returns the payload that stays. Handlers get everything, and a dead task
   * holds it back. Ids, topics and times stay, so that a redelivery is a duplicate. @default { body: true }
   */
  readonly stored?: StoredOption
  /**
   * Looks for the cause of a refusal after its reply, at most once a second, and tells observers (`explained`): the log
   * then has a proven cause. True looks for 50 ms, a duration for so long, at most 10 s; the event loop is held meanwhile.
   * @default NODE_ENV is 'development'
   */
  readonly explain?: boolean | Duration
  /**
   * The version of your app, at most 100 characters: the inspector's charts mark when it was first seen working, so that a
   * change of them is seen beside its deploy. @default that in the `package.json` of the working directory, if there is one
   */
  readonly version?: string
  /** After this time without a verified delivery, observers hear `silent`. @default never */
  readonly silence?: Duration
}

/**
 * What a receiver keeps of events whose tasks are done.
 *
 * @example
 * createReceiver({ provider, inbox, stored: { body: ({ id, status }) => ({ id, status }) } })
 */
export interface StoredOption {
  /**
   * True keeps all, false nothing. A function gets the payload and returns what is kept of it; it is synchronous, and if
   * it fails nothing is kept and observers hear a warning. @default true
   */
  // The payload of any topic: a parameter type narrower than this is the app's own claim.
  readonly body?: boolean | ((payload: any) => unknown)
}

/** Options of `receiver.drain`. */
export interface DrainOptions {
  /** The longest time of one call. @default '25s' */
  readonly deadline?: Duration
  /** Tasks that may run. @default all that are due */
  readonly max?: number
  /** Nothing starts in the last part of the time, and handlers hear of the deadline by `task.signal`. @default '1s' */
  readonly reserve?: Duration
}
