import type { CaughtUp } from './receiver/caught-up.ts'
import type { WebhookError } from './errors.ts'
import type { WebhookEvent } from './event.ts'
import type { Explanation } from './explain/finding.ts'
import type {
  ActedInfo,
  AnsweredInfo,
  AttemptInfo,
  EventInfo,
  FoldedInfo,
  InterruptedInfo,
  Planned,
  RequestInfo,
  StepName,
  CallInfo,
  PauseInfo,
} from './observe/infos.ts'
import type { Task } from './subscribe/task.ts'
import type { SubscriptionStats, TaskError } from './inbox/view.ts'

export interface ObservedReceiver {
  readonly name: string
  readonly provider: string
  /**
   * Returns the number of tasks by subscription and state, including subscriptions that the receiver no longer has.
   * Each call queries the inbox, so call it only a few times per minute, and expect that it rejects. Undefined if the
   * inbox keeps no tasks.
   */
  readonly stats?: () => Promise<readonly SubscriptionStats[]>
  /** Adds an observer, as `receiver.observe` does. So a costly observer can be added only while it is needed. */
  readonly observe: (observer: Observer) => () => void
}

/**
 * Methods that a receiver calls when something happens in it, such as a rejection. All methods are optional. Methods
 * must be synchronous and fast. An error of a method is ignored, so that observers never change outcomes. No method
 * gets a secret or a signature, and only `around` gets a payload.
 */
export interface Observer {
  /**
   * Called when the receiver is created, or when the observer is added to it. The returned function is called when the
   * receiver closes.
   */
  attached?(receiver: ObservedReceiver): (() => void) | undefined | void
  /** A request was read, and the steps of its delivery start. */
  received?(request: RequestInfo): void
  /** A request was rejected: `error.code` is the reason and `error.message` explains it. */
  rejected?(request: RequestInfo, error: WebhookError): void
  /**
   * The cause of a rejection was found. Called after the reply, for at most one rejection per second, if the receiver's
   * option `explain` is on.
   */
  explained?(request: RequestInfo, explanation: Explanation): void
  /** A challenge of the sender was answered. */
  handshake?(request: RequestInfo): void
  /** An event was stored with its tasks. `tasks` is the number of tasks. */
  accepted?(event: EventInfo, tasks: number, request: RequestInfo): void
  /** A known event arrived again. `revived` is true if the failed tasks of the event run again. */
  duplicate?(event: EventInfo, revived: boolean, request: RequestInfo): void
  /**
   * The sender used one id for two different bodies. The second event counts as a duplicate, and only the first body is
   * stored.
   */
  idConflict?(event: EventInfo, request: RequestInfo): void
  /** No subscription matches an event. `action` says what the receiver did with the event. */
  unhandled?(
    event: EventInfo,
    action: 'acknowledged' | 'stored' | 'rejected',
    request: RequestInfo,
  ): void
  /** A step of the delivery has ended. `at` is in milliseconds on the receiver's monotonic clock. */
  step?(request: RequestInfo, name: StepName, at: number): void
  /** The reply is ready. Called once for each delivery, including rejected deliveries. */
  replied?(request: RequestInfo, answer: AnsweredInfo): void
  /**
   * Returns the trace context (`traceparent`, `tracestate`) to store with the events of a delivery. `around` gets the
   * context as `event.carrier`. Called once, before the events are stored. If several observers have this method, only
   * the method of the first one is called.
   */
  carrier?(request: RequestInfo): Readonly<Record<string, string>> | undefined
  /**
   * Wraps a handler. Call `next` once and return its result. The observer cannot change the outcome, and the handler
   * runs even if the observer throws.
   */
  around?(event: WebhookEvent, task: Task, next: () => unknown): unknown
  /**
   * Wraps an HTTP call of `forward`. Call `next` once and return its result. `next` accepts headers to add; `forward`
   * sends only headers that its option `headers` allows. The observer cannot change the outcome.
   */
  call?(
    call: CallInfo,
    next: (headers?: Readonly<Record<string, string>>) => Promise<{ readonly status: number }>,
  ): unknown
  /** `forward` pauses its calls to a destination, or continues them. */
  destinationPaused?(pause: PauseInfo): void
  attemptStarted?(attempt: AttemptInfo): void
  /** An attempt failed. `error` is the thrown value, and `planned` says what happens next. */
  attemptFailed?(attempt: AttemptInfo, error: unknown, planned: Planned): void
  /** The task will be retried at the given time, in milliseconds since 1970. */
  retried?(attempt: AttemptInfo, at: number): void
  /** The handler postponed the task to the given time, in milliseconds since 1970. No attempt was used. */
  postponed?(attempt: AttemptInfo, at: number): void
  /** The task is done. `duration` is in milliseconds. */
  done?(attempt: AttemptInfo, duration: number): void
  /** The task is dead. */
  dead?(attempt: AttemptInfo, error: TaskError): void
  /** A run ended without an outcome: the process died, or the lease of the task expired. The attempt does not count. */
  interrupted?(interruption: InterruptedInfo): void
  /** The task is done without its own run, since `debounce` merged its event into another task. */
  folded?(folded: FoldedInfo): void
  /**
   * No verified delivery arrived for longer than the receiver's `silentAfter`. `since` is in milliseconds since 1970.
   */
  silent?(receiver: string, since: number): void
  /** An automatic catch-up has ended (`catchUp` of `@postern/registrar`, with its option `on`). */
  catchUpEnded?(receiver: string, result: CaughtUp): void
  /**
   * An attempt ended after it had lost its claim, because of a timeout or an expired lease. The outcome of the attempt
   * was rejected.
   */
  outcomeRejected?(attempt: AttemptInfo): void
  /** An answer function failed or took too long. */
  answerFailed?(event: EventInfo, error: unknown, request: RequestInfo): void
  /** An operator replayed, deleted, edited or sent events. The inspector calls this only on its own observers. */
  operatorActed?(action: ActedInfo): void
  /** A warning for operators, such as a shortened deduplication window or an unsafe setting. */
  warning?(receiver: string, message: string): void
}
