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

/** A receiver as its observers see it. */
export interface ObservedReceiver {
  readonly name: string
  /** Name of its provider. */
  readonly provider: string
  /**
   * Its tasks by subscription and state, those of subscriptions it no longer has among them. It asks the inbox: call it
   * some times a minute, and expect that it rejects. Absent if the inbox keeps no tasks.
   */
  readonly stats?: () => Promise<readonly SubscriptionStats[]>
  /** As `receiver.observe`: an observer that costs something joins when it is needed. */
  readonly observe: (observer: Observer) => () => void
}

/**
 * Gets what a receiver does, one method for each kind of event. All methods are optional and synchronous, and must
 * be quick. Their errors are swallowed: observers must not change outcomes. None gets a payload, a secret or a signature.
 */
export interface Observer {
  /** The receiver was made, or the observer was added to it. The function that it returns is called when the receiver closes. */
  attached?(receiver: ObservedReceiver): (() => void) | undefined | void
  /** A request was read, and the steps of its delivery start. */
  received?(request: RequestInfo): void
  /** A request was rejected; `error.code` is the reason and `error.message` explains it. */
  rejected?(request: RequestInfo, error: WebhookError): void
  /**
   * Why a delivery was rejected: `explain` looked at one rejection a second after its reply. Called if the receiver's
   * `explain` is on.
   */
  explained?(request: RequestInfo, explanation: Explanation): void
  /** A handshake was answered. */
  handshake?(request: RequestInfo): void
  /** An event was stored and will be handled. */
  accepted?(event: EventInfo, tasks: number, request: RequestInfo): void
  /** An event was known already; `revived` if its failed tasks run again. */
  duplicate?(event: EventInfo, revived: boolean, request: RequestInfo): void
  /** The sender used an id again for another body: the event is a duplicate, and only the first body was stored. */
  idConflict?(event: EventInfo, request: RequestInfo): void
  /** No subscription matched. */
  unhandled?(
    event: EventInfo,
    action: 'acknowledged' | 'stored' | 'rejected',
    request: RequestInfo,
  ): void
  /** A step of the delivery has ended, at a time of the receiver's monotonic clock in milliseconds. */
  step?(request: RequestInfo, name: StepName, at: number): void
  /** The reply is ready. Called once for each delivery, rejected ones included. */
  replied?(request: RequestInfo, answer: AnsweredInfo): void
  /**
   * Gives the trace context (`traceparent`, `tracestate`) that is stored with the events of a delivery and handed to
   * `around` as `event.carrier`. Called once before the events are stored; the first observer that has one counts.
   */
  carrier?(request: RequestInfo): Readonly<Record<string, string>> | undefined
  /**
   * Wraps a handler: call `next` once and return what it returns. Whatever the observer does, the outcome is the
   * handler's own, and the handler runs even if the observer throws.
   */
  around?(event: WebhookEvent, task: Task, next: () => unknown): unknown
  /**
   * Wraps an HTTP call of `forward`: call `next` once and return what it returns. Its argument are headers to add, of
   * which `forward` sends those that its option `headers` lets pass. The outcome is the call's own.
   */
  call?(
    call: CallInfo,
    next: (headers?: Readonly<Record<string, string>>) => Promise<{ readonly status: number }>,
  ): unknown
  /** Calls of `forward` to a destination pause or continue. */
  destinationPaused?(pause: PauseInfo): void
  attemptStarted?(attempt: AttemptInfo): void
  /** An attempt failed, with the error as it was thrown, and what follows from it. */
  attemptFailed?(attempt: AttemptInfo, error: unknown, planned: Planned): void
  /** The task will be tried again at the time given, in milliseconds since 1970. */
  retried?(attempt: AttemptInfo, at: number): void
  /** The handler wanted the task to wait until the time given, in milliseconds since 1970: no attempt was used. */
  postponed?(attempt: AttemptInfo, at: number): void
  /** The task is done. `duration` in milliseconds. */
  done?(attempt: AttemptInfo, duration: number): void
  /** The task was given up. */
  dead?(attempt: AttemptInfo, error: TaskError): void
  /** A run ended without an outcome: the process died or its lease expired. No attempt is used. */
  interrupted?(interruption: InterruptedInfo): void
  /** `debounce`: the task is done without a run of its own. */
  folded?(folded: FoldedInfo): void
  /** Nothing came for longer than the receiver's `silentAfter`. Times in milliseconds since 1970. */
  silent?(receiver: string, since: number): void
  /** A catch-up that started by itself has ended: `catchUp` of `@postern/registrar` with `on`. */
  catchUpEnded?(receiver: string, result: CaughtUp): void
  /** An attempt ended after its claim was lost (timeout, lease expiry): what it reported was rejected. */
  outcomeRejected?(attempt: AttemptInfo): void
  /** An answer function failed or was late. */
  answerFailed?(event: EventInfo, error: unknown, request: RequestInfo): void
  /** Somebody replayed, deleted, edited or sent by hand: the inspector tells its own observers. */
  operatorActed?(action: ActedInfo): void
  /** Something an operator should know: a window shortened, an unsafe setting. */
  warning?(receiver: string, message: string): void
}
