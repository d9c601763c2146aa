import type { Admission, Head } from '../receive/admit.ts'
import type { AnswerFunction, AnswerOptions } from '../receive/reply/answer.ts'
import type { Delivery, DeliveryInit, Json, HeaderLines } from '../delivery.ts'
import type { Duration } from '../basics/deadline.ts'
import type { WebhookError } from '../errors.ts'
import type { EventMap, WebhookEvent } from '../event.ts'
import type { RunDueResult, Host, Inbox } from '../inbox/inbox.ts'
import type { Changed, ReplayOptions, TaskFilter, TaskInfo, TaskError } from '../inbox/view.ts'
import type { Health } from './health.ts'
import type { Dedupe, RunDueOptions } from './options.ts'
import type { IngestInit, IngestOptions, IngestResult } from '../receive/ingest.ts'
import type { Limits } from '../limits.ts'
import type { AttemptInfo } from '../observe/infos.ts'
import type { Observer } from '../observer.ts'
import type { Provider } from '../provider/provider.ts'
import type { Reply } from '../receive/reply/reply.ts'
import type {
  SchemaOutput,
  StandardSchema,
  Handler,
  SubscriptionOptions,
} from '../subscribe/subscription.ts'
import type { AnyCommit } from '../subscribe/task.ts'
import type { EventOf, PatternOf, TopicsOf } from '../subscribe/topic-types.ts'

/** How a receiver was made. Times in milliseconds. */
export interface ReceiverSettings {
  readonly inbox: Inbox
  readonly dedupe: Dedupe
  readonly onUnhandled: 'acknowledge' | 'store' | 'reject'
  readonly worker: boolean | 'onDemand'
  readonly journal: boolean
  /** Undefined for never. */
  readonly silentAfter: number | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Accepts deliveries and runs the subscribed handlers; an adapter mounts it. */
export interface Receiver<
  Events extends EventMap = EventMap,
  Commit extends AnyCommit = AnyCommit,
> {
  readonly name: string
  readonly provider: Provider<Events>
  readonly limits: Limits
  /** Topic patterns with a subscription or an answer. */
  readonly topics: readonly string[]
  /** How it was made, with defaults filled in: for packages that work with it, such as `@postern/registrar`. */
  readonly settings: ReceiverSettings
  /** Whether a subscription matches a topic, or one of its aliases. */
  subscribes(topic: string, aliases?: readonly string[]): boolean
  /** Whether the function of an answer makes the reply to a topic, or to one of its aliases. */
  answers(topic: string, aliases?: readonly string[]): boolean
  /**
   * Subscribes a handler to topics. All subscriptions are made before the first delivery.
   *
   * Exact topics have overloads of their own, so that editors complete them. `NoInfer` keeps TypeScript from inferring
   * the topics from the handler, which would compare every payload of the provider. Patterns have one intersection for
   * all: one for each would multiply the topics of the provider by themselves.
   */
  on<const P extends keyof Events & string>(
    topics: P | readonly P[],
    handler: NoInfer<Handler<EventOf<Events, P>, Commit>>,
  ): this
  on<const P extends keyof Events & string>(
    topics: P | readonly P[],
    options: NoInfer<SubscriptionOptions<EventOf<Events, P>>> & { readonly schema?: never },
    handler: NoInfer<Handler<EventOf<Events, P>, Commit>>,
  ): this
  on<const P extends string, S extends StandardSchema>(
    topics: (P | readonly P[]) & PatternOf<Events, P>,
    options: SubscriptionOptions<WebhookEvent<TopicsOf<Events, P>, SchemaOutput<S>>> & {
      readonly schema: S
    },
    handler: Handler<
      WebhookEvent<string extends keyof Events ? string : TopicsOf<Events, P>, SchemaOutput<S>>,
      Commit
    >,
  ): this
  on<const P extends string>(
    topics: (P | readonly P[]) & PatternOf<Events, P>,
    options: NoInfer<SubscriptionOptions<EventOf<Events, P>>>,
    handler: NoInfer<Handler<EventOf<Events, P>, Commit>>,
  ): this
  on<const P extends string>(
    topics: (P | readonly P[]) & PatternOf<Events, P>,
    handler: NoInfer<Handler<EventOf<Events, P>, Commit>>,
  ): this
  /** Subscribes a handler to every event. */
  onAny(
    options: SubscriptionOptions<EventOf<Events, '**'>>,
    handler: Handler<AnyEvent<Events>, Commit>,
  ): this
  onAny(handler: Handler<AnyEvent<Events>, Commit>): this
  /** Called when a task is dead, in this process only; the call is not retried. */
  onDead(listener: (task: AttemptInfo, error: TaskError) => unknown): this
  /** Registers the function that makes the reply, for topics whose sender reads it. */
  answer<const P extends keyof Events & string>(
    topics: P | readonly P[],
    answer: NoInfer<AnswerFunction<EventOf<Events, P>>>,
    options?: AnswerOptions,
  ): this
  answer<const P extends string>(
    topics: (P | readonly P[]) & PatternOf<Events, P>,
    answer: NoInfer<AnswerFunction<EventOf<Events, P>>>,
    options?: AnswerOptions,
  ): this
  /**
   * Judges the head of a request before its body is read, and starts to count its bytes. Adapters pass the result to
   * `receive` as `admission`. Throws a `WebhookError` with the rejection.
   */
  admit(head: Head): Admission
  /** Receives one delivery and returns the reply. Nothing that the network sends makes it throw. */
  receive(delivery: Delivery | DeliveryInit, host?: Host): Promise<Reply>
  /** The same for a Web standard `Request`, whose body must be unread. */
  fetch(request: Request, host?: FetchHost): Promise<Response>
  /**
   * Tells the observers why an adapter could not read a request, and returns the reply to it. With its headers, a request
   * without a body (a GET) is kept for `explain` as others are.
   */
  reject(request: Pick<DeliveryInit, 'method' | 'url' | 'headers'>, error: WebhookError): Reply
  /** Starts to run tasks in this process, after `worker: false`. */
  startWorker(): Promise<void>
  /**
   * Runs due tasks until none is left or the deadline is near, for hosts without a permanent process (cron routes).
   * Interrupted tasks come first. Attempts that the deadline cuts are released and do not count.
   */
  runDue(options?: RunDueOptions): Promise<RunDueResult>
  /**
   * Accepts events without a signature: those that the sender's API listed, as a source of `@postern/registrar` reads them, or
   * those from a cloud that lets only the sender in (`verifiedBy`).
   */
  ingest(given: IngestInit, options?: IngestOptions): Promise<IngestResult>
  /** The state of the receiver, for probes and for people. It never rejects, and answers within a second. */
  health(): Promise<Health>
  /**
   * Makes dead tasks pending again; with `state: 'done'` done ones, with `state: 'pending'` waiting ones due now. One call
   * is one chunk: continue with the cursor until there is none.
   */
  replay(filter?: TaskFilter, options?: ReplayOptions): Promise<Changed>
  /** Tasks of this receiver: pending, running, done as far as they are kept, and dead. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /**
   * Adds an observer while the receiver runs, for tests and tools. Returns the function that removes it.
   */
  observe(observer: Observer): () => void
  /** Its observers as one: what another package reports here, all of them get. */
  readonly observer: Observer
  /**
   * Called when the receiver starts to close; `close` waits for the promise, at most until the time given, of
   * `performance.now()`. Returns the function that removes the listener. Throws `receiver_closed` if the receiver is closed.
   */
  onClose(listener: (until: number) => unknown): () => void
  /** Rejects deliveries with 503, lets running attempts end and leaves the rest pending. It closes its inbox only if it made it. */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
}

type AnyEvent<Events extends EventMap> = string extends keyof Events
  ? WebhookEvent<string, Events[string]>
  : { [T in keyof Events & string]: WebhookEvent<T, Events[T]> }[keyof Events & string]

/** Options of one fetch request, from its host. */
export interface FetchHost extends Host {
  /** A small JSON value kept with the events (`event.context`), or a function that reads it off the request. */
  readonly context?: Json | ((request: Request) => Json | undefined) | undefined
  /** The URL the sender used, or a function that reads it off the request; give it if a proxy changed it. @default request.url */
  readonly url?: string | ((request: Request) => string) | undefined
  /** The exact bytes; give them if the host has read the body. */
  readonly body?: Uint8Array | undefined
  /** The header lines; give them if the host keeps repeated headers apart, which `Headers` joins. @default request.headers */
  readonly headers?: HeaderLines | undefined
}
