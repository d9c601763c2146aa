import { milliseconds, type Duration } from '../basics/deadline.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import type { EventMap, WebhookEvent } from '../event.ts'
import type { Inbox } from '../inbox/inbox.ts'
import type { KeyOption, Seal } from '../inbox/seal.ts'
import type { LimitOptions, Limits } from '../limits.ts'
import type { Observers } from '../observe/observers.ts'
import type { Observer } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'
import type { KeepBody } from '../receive/erasure.ts'
import type { AckOption, Reply } from '../receive/reply/reply.ts'
import type { AnyCommit } from '../subscribe/task.ts'

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
  /** Status of the acknowledgment: 200, 202 or 204, or 302 with a location if the sender accepts redirects. @default 200 with an empty body */
  readonly ack?: AckOption
  /**
   * Names the tenant of an event whose secret has none: its tasks take turns with those of other tenants, so that one tenant's backlog does not
   * delay the others. It is called only for those. With `perTenant` it is a `TypeError`. @default none
   */
  readonly tenantKey?: (event: WebhookEvent) => string
  /** Observers in addition to the logger. */
  readonly observers?: readonly Observer[]
  /** The logger: an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
  /**
   * Events without a subscription are acknowledged and dropped, stored for a later handler, or rejected with 404. Without it, a
   * receiver that has no subscription and no answer at all rejects every delivery with 500. @default 'acknowledge'
   */
  readonly onUnhandled?: OnUnhandled
  /**
   * The identity of an event. `id`: the sender's id. `id+digest`: the id, and the signed content (method, body, topic and
   * time), so that a captured delivery under another id is a duplicate. `digest`: the id, else a digest of the body.
   * `none`: no two events are the same.
   * @default 'id'; 'id+digest' if the provider says `repeats: false` and its signature does not cover the id
   */
  readonly dedupe?: Dedupe
  /** How payloads are parsed. */
  readonly parsing?: ParsingOptions
  /**
   * False if another process runs the tasks (`receiver.startWorker()` there). `onDemand`: only `receiver.runDue()` runs them,
   * for hosts without a permanent process. @default true
   */
  readonly worker?: boolean | 'onDemand'
  /** The clocks of the receiver, for tests. */
  readonly clock?: ClockOptions
  /** What the inbox keeps, and how. */
  readonly storage?: StorageOptions
  /**
   * Looks for the cause of a rejection after its reply, at most once a second, and calls observers (`explained`): the log
   * then has a proven cause. True looks for 50 ms, a duration for so long, at most 10 s; the event loop is held meanwhile.
   * @default NODE_ENV is 'development'
   */
  readonly explain?: boolean | Duration
  /**
   * The version of your app, at most 100 characters: the inspector's charts mark when it was first seen working, so that a
   * change of them is seen next to its deploy. @default that in the `package.json` of the working directory, if there is one
   */
  readonly version?: string
  /** After this time without a verified delivery, observers get `silent`. @default never */
  readonly silentAfter?: Duration
}

/** How the identity of an event is made: see the option `dedupe`. */
export type Dedupe = 'id' | 'id+digest' | 'digest' | 'none'

type OnUnhandled = 'acknowledge' | 'store' | 'reject'

/** How payloads are parsed. */
export interface ParsingOptions {
  /** True returns integers beyond 2^53 in JSON payloads as BigInt. @default false */
  readonly bigIntegers?: boolean
  /**
   * `strict` rejects a body with 415 if its Content-Type contradicts the format in which it is read. Most senders do
   * not sign Content-Type, so it never chooses the format. @default that of the provider, else 'ignore'
   */
  readonly contentType?: 'ignore' | 'strict'
}

/** The clocks of a receiver. */
export interface ClockOptions {
  /** Returns the time in milliseconds since 1970. @default () => Date.now() */
  readonly now?: () => number
  /** Returns milliseconds of a clock that never goes back, for durations. @default () => performance.now() */
  readonly monotonic?: () => number
}

/**
 * What the inbox of a receiver keeps, and how.
 *
 * @example
 * createReceiver({ provider, inbox, storage: { content: ({ id, status }) => ({ id, status }) } })
 */
export interface StorageOptions {
  /**
   * The content that stays in the inbox once the last task of an event is done or deleted. False erases payload, headers,
   * query and body. A function gets the payload and returns the part that stays; it is synchronous, and if it throws, nothing stays
   * and observers get a warning. Handlers get everything, and a dead task keeps the content. Ids, topics and times stay, so that a
   * redelivery is a duplicate. @default true
   */
  // The payload of any topic: a parameter type narrower than this is the app's own claim.
  readonly content?: boolean | ((payload: any) => unknown)
  /**
   * Encrypts payloads, headers and bodies in the inbox with AES-256-GCM, those of rejected deliveries too: a key of 32 bytes, as
   * bytes, base64 or hex. With several keys the first one encrypts and all of them decrypt, so that a key can be changed. Topic, ids,
   * times and error texts stay readable, and the journal's path and reply. @default stored as they came
   */
  readonly encryptionKey?: KeyOption
  /** False writes nothing to the inbox's journal of deliveries and counts. @default true */
  readonly journal?: boolean
  /**
   * Maximum number of rejected deliveries of a minute whose head and body are kept for `explain`, for each code and size: half of
   * them for requests that look like verified deliveries. Requests up to 2 KiB have 768 places at most, and those of each
   * doubled size up to 256 KiB have 384 KiB, so that large requests never take the place of small ones. They are kept without
   * credentials, and encrypted if `encryptionKey` is set. Those of the last three such minutes stay. False keeps none. @default 1000
   */
  readonly rejectedBodies?: number | false
}

/** Options of `receiver.runDue`. */
export interface RunDueOptions {
  /** The longest time of one call. @default '25s' */
  readonly deadline?: Duration
  /** Tasks that may run. @default all that are due */
  readonly max?: number
  /** Nothing starts in the last part of the time, and `task.signal` tells handlers of the deadline. @default '1s' */
  readonly reserve?: Duration
}

/** The options of a receiver, checked. */
export interface CheckedOptions extends Observers {
  readonly provider: Provider
  readonly name: string
  readonly inbox: Inbox
  /** True if the receiver made its inbox, so that it also closes it. */
  readonly ownInbox: boolean
  readonly limits: Limits
  readonly ack: Reply
  readonly now: () => number
  readonly monotonic: () => number
  readonly onUnhandled: OnUnhandled
  /** True if the app has set `onUnhandled`. */
  readonly unhandledMeant: boolean
  readonly dedupe: Dedupe
  readonly exact: boolean
  readonly strictLabels: boolean
  readonly tenantKey: ((event: WebhookEvent) => string) | undefined
  readonly worker: boolean | 'onDemand'
  readonly journal: boolean
  readonly rejectedBodies: number
  readonly seal: Seal | undefined
  /** Undefined if all content stays. */
  readonly keepBody: KeepBody | undefined
  /** Time limit of `explain`, in milliseconds; undefined if it is off. */
  readonly explain: number | undefined
  /** Reads the body of a request whose head is rejected, so that `explain` sees all of it. */
  readonly lenient: boolean
  readonly version: string | undefined
  readonly silentAfter: number | undefined
}

/** Checks the options of `receiver.runDue`. `until` is a time of `performance.now()`. */
export function checkRunDue(options: RunDueOptions): {
  readonly until: number
  readonly max: number
  readonly last: number
} {
  unknownOptions('runDue', options, ['deadline', 'max', 'reserve'])
  const { deadline = '25s', max = Infinity, reserve = '1s' } = options
  if (max !== Infinity && !(Number.isSafeInteger(max) && max >= 1))
    throw new TypeError(`runDue: max must be a whole number from 1 and up, got ${String(max)}`)
  return {
    until: performance.now() + milliseconds(deadline, 'runDue: deadline'),
    max,
    last: milliseconds(reserve, 'runDue: reserve'),
  }
}
