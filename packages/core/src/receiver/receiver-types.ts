import type { AckOption } from '../receive/reply/ack.ts'
import type { Admission, Head } from '../receive/admit.ts'
import type { AnswerFunction, AnswerOptions } from '../receive/reply/answer.ts'
import type { Delivery, DeliveryInit } from '../delivery.ts'
import type { Dedupe } from '../receive/identity.ts'
import type { Duration } from '../basics/duration.ts'
import type { WebhookError } from '../errors.ts'
import type { EventMap, WebhookEvent } from '../event.ts'
import type { FetchHost } from '../receive/fetch-host.ts'
import type { Drained, Host, Inbox, TaskError } from '../inbox/inbox.ts'
import type { Changed, ReplayOptions, TaskFilter, TaskInfo } from '../inbox/view.ts'
import type { Health } from './health.ts'
import type { TakeInit, TakeOptions, TakeResult } from '../receive/take.ts'
import type { KeyOption } from '../inbox/seal.ts'
import type { LimitOptions, Limits } from '../limits.ts'
import type { AttemptInfo } from '../observe/infos.ts'
import type { Observer } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'
import type { Reply } from '../receive/reply/reply.ts'
import type { SchemaOutput, StandardSchema } from '../subscribe/standard-schema.ts'
import type { Handler, SubscriptionOptions } from '../subscribe/subscription.ts'
import type { EventOf, PatternOf, TopicsOf } from '../subscribe/topic-types.ts'

/** Options of `createReceiver`. */
export interface ReceiverOptions<Events extends EventMap = EventMap> {
  /** Who sends. */
  readonly provider: Provider<Events>
  /** Where accepted events live until done. @default memoryInbox(), which forgets them when the process ends */
  readonly inbox?: Inbox
  /** Part of each event's identity and unique in its inbox: stable over restarts. @default the provider's name */
  readonly name?: string
  /** Bounds of what one delivery may cost. */
  readonly limits?: LimitOptions
  /** Status of the acknowledgement: 200, 202 or 204, or 302 with a location if the sender accepts redirects. @default 200 with an empty body */
  readonly ack?: AckOption
  /**
   * The tenant of an event: its tasks take turns with those of other tenants, so that one tenant's backlog does not
   * delay the others. @default the scope of the secret that verified it
   */
  readonly fairBy?: (event: WebhookEvent) => string
  /** The time in milliseconds since 1970. @default () => Date.now() */
  readonly now?: () => number
  /** Observers beside the logger. */
  readonly observers?: readonly Observer[]
  /** The logger: an observer, or false for none. @default logger(), to the console */
  readonly log?: Observer | false
  /** Events without a subscription are acknowledged and dropped, stored for a later handler, or refused with 404. @default 'acknowledge' */
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
   * Refused deliveries of a minute whose head and body are kept for `explain`, for each code: half of them by likeness to
   * verified deliveries, half as a uniform sample. At most 256 KiB each, without credentials, sealed if `seal` is set;
   * those of the last three such minutes stay. False keeps none. @default 40
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

/** How a receiver was made. Times in milliseconds. */
export interface ReceiverSettings {
  readonly inbox: Inbox
  readonly dedupe: Dedupe
  readonly onUnhandled: 'acknowledge' | 'store' | 'refuse'
  readonly work: boolean | 'drain'
  readonly journal: boolean
  /** Undefined for never. */
  readonly silence: number | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Takes deliveries and runs the subscribed handlers; an adapter mounts it. */
export interface Receiver<Events extends EventMap = EventMap> {
  readonly name: string
  readonly provider: Provider<Events>
  readonly limits: Limits
  /** Topic patterns with a subscription or an answer. */
  readonly topics: readonly string[]
  /** How it was made, with defaults filled in: for packages that work beside it, such as `@postern/registrar`. */
  readonly settings: ReceiverSettings
  /** Whether a subscription takes a topic, or one of its aliases. */
  subscribes(topic: string, aliases?: readonly string[]): boolean
  /** Subscribes a handler to topics. All subscriptions are made before the first delivery. */
  on<const P extends (keyof Events & string) | (string & {}), S extends StandardSchema>(
    topics: Topics<Events, P>,
    options: SubscriptionOptions<WebhookEvent<TopicsOf<Events, P>, SchemaOutput<S>>> & {
      readonly schema: S
    },
    handler: Handler<
      WebhookEvent<string extends keyof Events ? string : TopicsOf<Events, P>, SchemaOutput<S>>
    >,
  ): this
  on<const P extends (keyof Events & string) | (string & {})>(
    topics: Topics<Events, P>,
    options: SubscriptionOptions<EventOf<Events, P>>,
    handler: Handler<EventOf<Events, P>>,
  ): this
  on<const P extends (keyof Events & string) | (string & {})>(
    topics: Topics<Events, P>,
    handler: Handler<EventOf<Events, P>>,
  ): this
  /** Subscribes a handler to every event. */
  onAny(
    options: SubscriptionOptions<EventOf<Events, '**'>>,
    handler: Handler<AnyEvent<Events>>,
  ): this
  onAny(handler: Handler<AnyEvent<Events>>): this
  /** Called when a task is dead, in this process only; the call is not retried. */
  onDead(listener: (task: AttemptInfo, error: TaskError) => unknown): this
  /** Registers the function that makes the reply, for topics whose sender reads it. */
  answer<const P extends (keyof Events & string) | (string & {})>(
    topics: Topics<Events, P>,
    answer: AnswerFunction<EventOf<Events, P>>,
    options?: AnswerOptions,
  ): this
  /**
   * Judges the head of a request before its body is read, and starts to count its bytes. Adapters pass the result to
   * `receive` as `admission`. Throws a `WebhookError` with the refusal.
   */
  admit(head: Head): Admission
  /** Takes one delivery and returns the reply. Nothing that the network sends makes it throw. */
  receive(delivery: Delivery | DeliveryInit, host?: Host): Promise<Reply>
  /** The same for a Web standard `Request`, whose body must be unread. */
  fetch(request: Request, host?: FetchHost): Promise<Response>
  /** Tells the observers why an adapter could not read a request, and returns the reply to it. */
  refuse(request: { readonly method: string; readonly url: string }, error: WebhookError): Reply
  /** Starts to run tasks in this process, after `work: false`. */
  work(): Promise<void>
  /**
   * Runs due tasks until none is left or the deadline is near, for hosts without a permanent process (cron routes).
   * Tasks whose lease ended come first. Attempts that the deadline cuts are given back and do not count.
   */
  drain(options?: DrainOptions): Promise<Drained>
  /**
   * Takes events without a signature: those that the sender's API listed, as a source of `@postern/registrar` reads them, or that
   * a cloud delivered which lets only the sender in (`verifiedBy`).
   */
  take(given: TakeInit, options?: TakeOptions): Promise<TakeResult>
  /** The state of the receiver, for probes and for people. It never rejects, and answers within a second. */
  health(): Promise<Health>
  /**
   * Makes dead tasks pending again; with `state: 'done'` done ones, with `state: 'pending'` waiting ones due now. One call
   * is one chunk: go on with the cursor until there is none.
   */
  replay(filter?: TaskFilter, options?: ReplayOptions): Promise<Changed>
  /** Tasks of this receiver: pending, running, done as far as they are kept, and dead. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /**
   * Adds an observer while the receiver runs, for tests and tools. The function that it returns takes the observer away.
   */
  observe(observer: Observer): () => void
  /** Its observers as one: what a package beside it tells here, all of them hear. */
  readonly observer: Observer
  /**
   * Called when the receiver begins to close; `close` waits for the promise, at most until the time given, of
   * `performance.now()`. The function that it returns takes the listener away. Throws `closed` if the receiver is closed.
   */
  onClose(listener: (until: number) => unknown): () => void
  /** Refuses deliveries with 503, lets running attempts end and leaves the rest pending. It closes its inbox only if it made it. */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
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

// One intersection for all patterns: one for each would multiply the topics of the provider by themselves.
type Topics<Events extends EventMap, P extends string> = (P | readonly P[]) & PatternOf<Events, P>
type AnyEvent<Events extends EventMap> = string extends keyof Events
  ? WebhookEvent<string, Events[string]>
  : { [T in keyof Events & string]: WebhookEvent<T, Events[T]> }[keyof Events & string]
