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
  /** The provider: the preset for the sender of the webhooks, with its secret. */
  readonly provider: Provider<Events>
  /**
   * Where accepted events are stored until their tasks are done. @default memoryInbox(), which loses its events when
   * the process ends
   */
  readonly inbox?: Inbox<Commit>
  /**
   * Name of the receiver. The name is part of each event's identity, so it must be unique in its inbox and stable over
   * restarts.
   * @default the provider's name
   */
  readonly name?: string
  /** Limits for one delivery. */
  readonly limits?: LimitOptions
  /**
   * Status of the acknowledgment: 200, 202 or 204, or 302 with a location if the sender accepts redirects.
   * @default 200 with an empty body
   */
  readonly ack?: AckOption
  /**
   * Returns the tenant of an event, if the secret that verified the event names no tenant. Tenants are served in
   * rotation, so that the backlog of one tenant does not delay other tenants. With `perTenant`, this option causes a
   * `TypeError`.
   * @default none
   */
  readonly tenantKey?: (event: WebhookEvent) => string
  /** Observers in addition to the logger. */
  readonly observers?: readonly Observer[]
  /** The observer that logs, or false for no log. @default logger(), to the console */
  readonly log?: Observer | false
  /**
   * What happens to an event without a subscription: it is acknowledged and dropped, stored for a later handler, or
   * rejected with 404. If you do not set the option, a receiver without any handler and answer rejects every delivery
   * with 500. @default 'acknowledge'
   */
  readonly onUnhandled?: OnUnhandled
  /**
   * When two events are the same. `id`: they have the same id. `id+digest`: they have the same id or the same signed
   * content (method, body, topic and time), so that a captured delivery with another id is a duplicate.
   * `digest`: they have the same id or, without ids, the same body. `none`: no two events are the same. @default 'id';
   * 'id+digest' if the provider declares `repeats: false` and its signature does not cover the id
   */
  readonly dedupe?: Dedupe
  /** How payloads are parsed. */
  readonly parsing?: ParsingOptions
  /**
   * True runs tasks in this process. False: another process runs them, with `receiver.startWorker()`. `onDemand`: only
   * `receiver.runDue()` runs them, for platforms without a permanent process. @default true
   */
  readonly worker?: boolean | 'onDemand'
  /** The clocks of the receiver, for tests. */
  readonly clock?: ClockOptions
  /** Content and encryption of stored events. */
  readonly storage?: StorageOptions
  /**
   * Searches for the cause of a rejection after the reply, at most once per second. Observers get the result as
   * `explained`, and a proven cause is logged. True searches for 50 ms; a duration sets another limit, at most 10 s.
   * The search occupies the event loop for that time. @default true if NODE_ENV is 'development'
   */
  readonly explain?: boolean | Duration
  /**
   * Version of your app, at most 100 characters. The charts of the inspector mark when each version first worked.
   * @default the version in the `package.json` of the working directory, if there is one
   */
  readonly version?: string
  /** Time without a verified delivery after which observers get `silent`. @default never */
  readonly silentAfter?: Duration
}

/** How the receiver recognizes that two events are the same; see {@link ReceiverOptions.dedupe}. */
export type Dedupe = 'id' | 'id+digest' | 'digest' | 'none'

type OnUnhandled = 'acknowledge' | 'store' | 'reject'

/** How payloads are parsed. */
export interface ParsingOptions {
  /** True parses integers beyond 2^53 in JSON payloads as BigInt. @default false */
  readonly bigIntegers?: boolean
  /**
   * `strict` rejects a body with 415 if its Content-Type contradicts the format in which the body is read. Content-Type
   * never chooses the format, since most senders do not sign it. @default the option of the provider, else 'ignore'
   */
  readonly contentType?: 'ignore' | 'strict'
}

/** The clocks of a receiver. */
export interface ClockOptions {
  /** Returns the time in milliseconds since 1970. @default () => Date.now() */
  readonly now?: () => number
  /** Returns milliseconds of a clock that never goes back, to measure durations. @default () => performance.now() */
  readonly monotonic?: () => number
}

/**
 * Options for what the inbox of a receiver stores.
 *
 * @example
 * createReceiver({ provider, inbox, storage: { content: ({ id, status }) => ({ id, status }) } })
 */
export interface StorageOptions {
  /**
   * The content that stays in the inbox after the last task of an event is done or deleted. False erases payload,
   * headers, query and body. A function gets the payload and returns the part to keep; it must be synchronous. If the
   * function throws, nothing is kept and observers get a warning. Handlers always get all content, and a dead task
   * keeps all content. Ids, topics and times stay, so that a redelivery counts as a duplicate.
   * @default true
   */
  // The type is `any`, so that the app can declare the payload type of its own topics.
  readonly content?: boolean | ((payload: any) => unknown)
  /**
   * Encrypts payloads, headers and bodies in the inbox with AES-256-GCM, also for rejected deliveries. A key has 32
   * bytes, given as bytes, base64 or hex. With several keys, the first key encrypts and all keys decrypt, so that you
   * can change keys. Topics, ids, times, error texts, paths and replies are not encrypted.
   * @default stored without encryption
   */
  readonly encryptionKey?: KeyOption
  /** False stores no history in the inbox: neither deliveries nor counts. @default true */
  readonly journal?: boolean
  /**
   * Maximum number of rejected deliveries to keep per minute for `explain`, with head and body, per error code and
   * size. One half is for requests that look like verified deliveries, the other half for all requests. At most 768
   * requests of up to 2 KiB are kept. Of larger requests, at most 384 KiB are kept for each size: up to 4, 8, 16 … 256
   * KiB. So large requests never replace small ones. Credentials are removed, and `encryptionKey` applies. The last
   * three minutes with rejections stay. False keeps none. @default 1000
   */
  readonly rejectedBodies?: number | false
}

/** Options of `receiver.runDue`. */
export interface RunDueOptions {
  /** Maximum time of one call. A number is in milliseconds. @default '25s' */
  readonly deadline?: Duration
  /** Maximum number of tasks to run. @default all that are due */
  readonly max?: number
  /**
   * Time before the deadline in which no further task starts, so that running tasks can end. At the deadline,
   * `task.signal` aborts. @default '1s'
   */
  readonly reserve?: Duration
}

export interface CheckedOptions extends Observers {
  readonly provider: Provider
  readonly name: string
  readonly inbox: Inbox
  /** True if the receiver created the inbox, and so also closes it. */
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
  /** Undefined if all content stays in the inbox. */
  readonly keepBody: KeepBody | undefined
  /** Time limit of `explain`, in milliseconds; undefined if `explain` is off. */
  readonly explain: number | undefined
  /** True reads the body of a request even if its head is rejected, so that `explain` sees the complete request. */
  readonly lenient: boolean
  readonly version: string | undefined
  readonly silentAfter: number | undefined
}

/** Checks the options of `runDue`. `until` is a time of `performance.now()`, and `last` is in milliseconds. */
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
