import type { Admission, Head } from '../receive/admit.ts'
import type { AnswerFunction, AnswerOptions } from '../receive/reply/answer.ts'
import type { Delivery, DeliveryInit, Json, HeaderLines } from '../delivery.ts'
import type { Duration } from '../basics/deadline.ts'
import type { WebhookError } from '../errors.ts'
import type { EventMap, WebhookEvent } from '../event.ts'
import type { RunDueResult, Host } from '../inbox/inbox.ts'
import type { Changed, ReplayOptions, TaskFilter, TaskInfo, TaskError } from '../inbox/view.ts'
import type { Health } from './health.ts'
import type { CheckedOptions, RunDueOptions } from './options.ts'
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

/** The settings of a receiver. Durations are in milliseconds. */
export type ReceiverSettings = Pick<
  CheckedOptions,
  'inbox' | 'dedupe' | 'onUnhandled' | 'worker' | 'journal' | 'silentAfter' | 'now'
>

/** Accepts deliveries and runs the subscribed handlers. An adapter mounts the receiver on a route. */
export interface Receiver<
  Events extends EventMap = EventMap,
  Commit extends AnyCommit = AnyCommit,
> {
  readonly name: string
  readonly provider: Provider<Events>
  readonly limits: Limits
  /** Topic patterns for which the receiver has a subscription or an answer. */
  readonly topics: readonly string[]
  /** The settings with defaults, for packages that work with a receiver, such as `@postern/registrar`. */
  readonly settings: ReceiverSettings
  /** Returns true if a subscription matches the topic or one of its aliases. */
  subscribes(topic: string, aliases?: readonly string[]): boolean
  /** Returns true if an `answer` function makes the reply to the topic or to one of its aliases. */
  answers(topic: string, aliases?: readonly string[]): boolean
  // Exact topics have separate overloads, so that editors complete them. `NoInfer` keeps TypeScript from inferring
  // topics from the handler, which would compare every payload type of the provider. All patterns share one
  // intersection type: with one type per pattern, the number of comparisons would be the square of the number of
  // topics.
  /** Subscribes a handler to topics. Subscribe before the first delivery. */
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
  /**
   * Adds a listener for tasks that become dead. The listener is called only in this process, and a failed call is not
   * repeated.
   */
  onDead(listener: (task: AttemptInfo, error: TaskError) => unknown): this
  /** Registers a function that makes the reply to an event, for topics whose sender uses the reply. */
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
   * Checks the head of a request before its body is read, and starts to count the bytes of the body. Adapters pass the
   * result to `receive` as `admission`. Throws a `WebhookError` with the reason of a rejection.
   */
  admit(head: Head): Admission
  /** Receives one delivery and returns the reply. Data from the network never makes this method throw. */
  receive(delivery: Delivery | DeliveryInit, host?: Host): Promise<Reply>
  /** Receives a Web standard `Request` and returns the `Response`. The body of the request must be unread. */
  fetch(request: Request, host?: FetchHost): Promise<Response>
  /**
   * Reports to observers that an adapter could not read a request, and returns the reply. If the headers are given, a
   * request without a body (such as a GET) is kept for `explain`.
   */
  reject(request: Pick<DeliveryInit, 'method' | 'url' | 'headers'>, error: WebhookError): Reply
  /** Starts to run tasks in this process. Use this method in a process with `worker: false`. */
  startWorker(): Promise<void>
  /**
   * Runs due tasks until none is left or the deadline is near, for platforms without a permanent process (cron routes).
   * Interrupted tasks run first. Attempts that the deadline ends are released and do not count.
   */
  runDue(options?: RunDueOptions): Promise<RunDueResult>
  /**
   * Accepts events without verifying a signature. Use this method only for events whose origin is certain: a source of
   * `@postern/registrar` read them from the sender's API, or they came from a cloud service to which only the sender
   * can write (`verifiedBy`).
   */
  ingest(given: IngestInit, options?: IngestOptions): Promise<IngestResult>
  /** Returns the state of the receiver, for probes and operators. Never rejects, and answers within a second. */
  health(): Promise<Health>
  /**
   * Makes dead tasks pending again; `{}` selects all dead tasks of this receiver. `state: 'done'` replays done tasks
   * instead, and `state: 'pending'` makes waiting tasks due now. One call changes only a part of the tasks. Call again
   * with the returned cursor until no cursor is returned.
   */
  replay(filter: TaskFilter, options?: ReplayOptions): Promise<Changed>
  /** Returns tasks of this receiver: pending, running and dead tasks, and done tasks that are still kept. */
  tasks(filter?: TaskFilter & { readonly limit?: number }): Promise<readonly TaskInfo[]>
  /** Adds an observer while the receiver runs, for tests and tools. Returns the function that removes the observer. */
  observe(observer: Observer): () => void
  /** All observers, combined to one. Other packages report events through this observer. */
  readonly observer: Observer
  /**
   * Adds a listener that is called when the receiver starts to close. The listener gets a time of `performance.now()`,
   * until which `close` waits for the listener's promise. Returns the function that removes the listener. Throws
   * `receiver_closed` if the receiver is closed.
   */
  onClose(listener: (until: number) => unknown): () => void
  /**
   * Closes the receiver: rejects deliveries with 503, waits for running attempts and leaves the other tasks pending.
   * Closes the inbox only if the receiver created it.
   */
  close(options?: { /** @default '10s' */ readonly timeout?: Duration }): Promise<void>
}

type AnyEvent<Events extends EventMap> = string extends keyof Events
  ? WebhookEvent<string, Events[string]>
  : { [T in keyof Events & string]: WebhookEvent<T, Events[T]> }[keyof Events & string]

/** Options of one `fetch` call, which the adapter or platform gives. */
export interface FetchHost extends Host {
  /** A small JSON value to store with the events (`event.context`), or a function that returns it. */
  readonly context?: Json | ((request: Request) => Json | undefined) | undefined
  /**
   * The URL that the sender used, or a function that returns it. If a proxy changed the URL, set this option.
   * @default request.url
   */
  readonly url?: string | ((request: Request) => string) | undefined
  /** The exact bytes of the body. If the platform has already read the body, set this option. */
  readonly body?: Uint8Array | undefined
  /**
   * The header lines. If the platform keeps repeated headers separate, set this option, since `Headers` joins repeated
   * headers.
   * @default request.headers
   */
  readonly headers?: HeaderLines | undefined
}
