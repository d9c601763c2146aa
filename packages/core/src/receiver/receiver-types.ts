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

/** The settings of a receiver. Times in milliseconds. */
export interface ReceiverSettings {
  readonly inbox: Inbox
  readonly dedupe: Dedupe
  readonly onUnhandled: 'acknowledge' | 'store' | 'reject'
  readonly worker: boolean | 'onDemand'
  readonly journal: boolean
  readonly silentAfter: number | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Accepts deliveries and runs the subscribed handlers. An adapter mounts it on a route. */
export interface Receiver<
  Events extends EventMap = EventMap,
  Commit extends AnyCommit = AnyCommit,
> {
  readonly name: string
  readonly provider: Provider<Events>
  readonly limits: Limits
  /** Topic patterns with a subscription or an answer. */
  readonly topics: readonly string[]
  /** The settings, with defaults: for packages that work with a receiver, such as `@postern/registrar`. */
  readonly settings: ReceiverSettings
  /** Returns whether a subscription matches a topic, or one of its aliases. */
  subscribes(topic: string, aliases?: readonly string[]): boolean
  /** Returns whether an `answer` function makes the reply to a topic, or to one of its aliases. */
  answers(topic: string, aliases?: readonly string[]): boolean
  /**
   * Subscribes a handler to topics. Subscribe before the first delivery. Exact topics have overloads of their own, so that
   * editors complete them. `NoInfer` keeps TypeScript from inferring the topics from the handler, which would compare every
   * payload type of the provider. Patterns share one intersection type: one per pattern would multiply the topics of the
   * provider by themselves.
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
  /** Adds a listener for dead tasks. It is called in this process only, and not retried. */
  onDead(listener: (task: AttemptInfo, error: TaskError) => unknown): this
  /** Registers the function that makes the reply, for topics whose sender uses the reply. */
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
   * Checks the head of a request before its body is read, and starts to count its bytes. Adapters pass the result to `receive`
   * as `admission`. Throws a `WebhookError` with the reason of a rejection.
   */
  admit(head: Head): Admission
  /** Receives one delivery and returns the reply. It never throws for what the network sent. */
  receive(delivery: Delivery | DeliveryInit, host?: Host): Promise<Reply>
  /** Receives a Web standard `Request`, whose body must be unread, and returns the `Response`. */
  fetch(request: Request, host?: FetchHost): Promise<Response>
  /**
   * Reports to observers that an adapter could not read a request, and returns the reply. If the headers are given, a request
   * without a body, such as a GET, is kept for `explain`.
   */
  reject(request: Pick<DeliveryInit, 'method' | 'url' | 'headers'>, error: WebhookError): Reply
  /** Starts to run tasks in this process. Use it with `worker: false`. */
  startWorker(): Promise<void>
  /**
   * Runs due tasks until none is left or the deadline is near, for hosts without a permanent process (cron routes).
   * Interrupted tasks run first. Attempts that the deadline ends are released and do not count.
   */
  runDue(options?: RunDueOptions): Promise<RunDueResult>
  /**
   * Accepts events without a signature. Either the sender's API listed them (a source of `@postern/registrar` reads them), or
   * a cloud service delivered them that only the sender can write to (`verifiedBy`).
   */
  ingest(given: IngestInit, options?: IngestOptions): Promise<IngestResult>
  /** Returns the state of the receiver, for probes and operators. It never rejects, and answers within a second. */
  health(): Promise<Health>
  /**
   * Makes dead tasks pending again. With `state: 'done'` it replays done tasks; with `state: 'pending'` it makes waiting tasks
   * due now. One call changes one chunk: call it again with the returned cursor until there is none.
   */
  replay(filter?: TaskFilter, options?: ReplayOptions): Promise<Changed>
  /** Returns tasks of this receiver: pending, running and dead tasks, and done tasks that are still kept. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /** Adds an observer while the receiver runs, for tests and tools. Returns the function that removes the observer. */
  observe(observer: Observer): () => void
  /** All observers as one. Other packages report through it. */
  readonly observer: Observer
  /**
   * Adds a listener that is called when the receiver starts to close. `close` waits for its promise until the given time of
   * `performance.now()`, at most. Returns the function that removes the listener. Throws `receiver_closed` if the receiver is
   * closed.
   */
  onClose(listener: (until: number) => unknown): () => void
  /**
   * Closes the receiver: rejects deliveries with 503, waits for running attempts and leaves the other tasks pending. It closes
   * the inbox only if the receiver created it.
   */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
}

type AnyEvent<Events extends EventMap> = string extends keyof Events
  ? WebhookEvent<string, Events[string]>
  : { [T in keyof Events & string]: WebhookEvent<T, Events[T]> }[keyof Events & string]

/** Options of one `fetch` call, given by its host. */
export interface FetchHost extends Host {
  /** A small JSON value to keep with the events (`event.context`), or a function that returns it. */
  readonly context?: Json | ((request: Request) => Json | undefined) | undefined
  /** The URL that the sender used, or a function that returns it. Set it if a proxy changed the URL. @default request.url */
  readonly url?: string | ((request: Request) => string) | undefined
  /** The exact bytes of the body. Set them if the host has read the body. */
  readonly body?: Uint8Array | undefined
  /** The header lines. Set them if the host keeps repeated headers separate, which `Headers` joins. @default request.headers */
  readonly headers?: HeaderLines | undefined
}
