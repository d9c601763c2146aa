import { milliseconds, retryPolicy, type MaybePromise } from '@postern/core/internal'
import type { Duration, RetryOption, WebhookEvent, RetryPolicy } from '@postern/core'
import { unknownOptions } from '@postern/core/engine'
import type { Records } from '@postern/core/inbox'
import type { Destination, DestinationInit, SignOption } from './signer.ts'
import type { GuardOptions } from '@postern/core/guard'
import type { Content } from './message.ts'

/** How destinations are called: limits and the circuit breaker. All hold for one process. */
export interface CallOptions extends GuardOptions {
  /** How often and when a failed call is made again. @default standardSchedule(): ten attempts within about 76 hours */
  readonly retry?: RetryOption
  /** Calls at once to one destination. @default 8 */
  readonly concurrency?: number
  /** Calls at once to all destinations: set it here, not on the subscription, since destinations share it fairly. @default 128 */
  readonly total?: number
  /** The longest time to connect. @default '5s' */
  readonly connectTimeout?: Duration
  /** The longest time of a whole call. @default '15s' */
  readonly timeout?: Duration
  /** Bytes of an answer's body that are read and dropped, so that the connection can be used again. @default 65_536 */
  readonly maxResponse?: number
  /** The longest wait a destination's `Retry-After` can ask for. @default '1h' */
  readonly maxRetryAfter?: Duration
  /** When calls to a destination pause, and for how long. */
  readonly breaker?: {
    /** Failures in a row. @default 5 */
    readonly failures?: number
    /** The first pause; each failed probe doubles it. @default '1s' */
    readonly pause?: Duration
    /** The longest pause. @default '5m' */
    readonly maxPause?: Duration
  }
  /**
   * How long a task waits while calls to its destination pause; then it is dead, and `replay` brings it back.
   * @default as long as the retry policy tries
   */
  readonly giveUp?: Duration
  /**
   * Tasks of one destination that may wait in one process; one more is dead at once, so that a dead destination
   * never fills the inbox of the others. @default 10_000
   */
  readonly maxWaiting?: number
  /** The time in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** Options of `forward`. */
export interface ForwardOptions<Event extends WebhookEvent = WebhookEvent> extends CallOptions {
  /** The destinations: a URL, several, or a function that finds them once for each event. */
  readonly to:
    | DestinationInit
    | readonly DestinationInit[]
    | ((event: Event) => MaybePromise<DestinationInit | readonly DestinationInit[]>)
  /**
   * Signs the message; false for no signature. If `to` is a function, a function too: one signature for two customers
   * could be passed on from one to the other.
   */
  readonly sign: SignOption<Event>
  /** Makes the body. @default the exact original bytes; for one event of a batch, its payload as JSON */
  readonly transform?: (event: Event, destination: Destination) => MaybePromise<Content>
  /** Names of the headers to pass on, or prefixes such as `x-github-*`. @default ['traceparent', 'tracestate'] */
  readonly headers?: readonly string[]
  /** Called when a destination answered 410. If it throws, the task is tried again. */
  readonly onGone?: (destination: Destination, event: Event) => unknown
  /** `inbox.records`: stores which destinations answered 410, so that no later events go there. @default not stored */
  readonly records?: Records | undefined
}

/** Names of the options of {@link CallOptions} and its guard. */
export const CALL_OPTIONS: readonly (keyof CallOptions)[] = [
  'retry',
  'concurrency',
  'total',
  'connectTimeout',
  'timeout',
  'maxResponse',
  'maxRetryAfter',
  'breaker',
  'giveUp',
  'maxWaiting',
  'now',
  'allowPrivate',
  'allowHttp',
  'allowPort',
  'lookup',
]

/** The call options, checked; times in milliseconds. */
export interface CallSettings {
  readonly retry: RetryOption
  readonly concurrency: number
  readonly total: number
  readonly connectTimeout: number
  readonly timeout: number
  readonly maxResponse: number
  readonly maxRetryAfter: number
  readonly failures: number
  readonly pause: number
  readonly maxPause: number
  readonly giveUp: number
  readonly maxWaiting: number
  readonly now: () => number
}

/** Checks the options. Throws a `TypeError` that names the wrong one. */
export function checkCalls(options: CallOptions): CallSettings {
  const { breaker = {}, now = () => Date.now(), retry = standardSchedule() } = options
  unknownOptions('breaker', breaker, ['failures', 'pause', 'maxPause'])
  return {
    retry,
    concurrency: whole(options.concurrency ?? 8, 'concurrency'),
    total: whole(options.total ?? 128, 'total'),
    connectTimeout: positive(options.connectTimeout ?? '5s', 'connectTimeout'),
    timeout: positive(options.timeout ?? '15s', 'timeout'),
    maxResponse: whole(options.maxResponse ?? 65_536, 'maxResponse'),
    maxRetryAfter: milliseconds(options.maxRetryAfter ?? '1h', 'maxRetryAfter'),
    failures: whole(breaker.failures ?? 5, 'breaker.failures'),
    pause: positive(breaker.pause ?? '1s', 'breaker.pause'),
    maxPause: positive(breaker.maxPause ?? '5m', 'breaker.maxPause'),
    giveUp: positive(options.giveUp ?? spanOf(retry), 'giveUp'),
    maxWaiting: whole(options.maxWaiting ?? 10_000, 'maxWaiting'),
    now,
  }
}

/** Milliseconds from the first attempt of a policy to its last. */
function spanOf(option: RetryOption): number {
  const policy = retryPolicy(option)
  let span = 0
  for (let attempt = 1; attempt < policy.attempts; attempt++) span += policy.delay(attempt)
  return Math.max(span, 1000)
}

function whole(value: number, name: string): number {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new TypeError(`${name} must be a whole number from 1 and up, got ${String(value)}`)
  return value
}

function positive(value: Duration, name: string): number {
  const time = milliseconds(value, name)
  if (time < 1) throw new TypeError(`${name} must be at least a millisecond`)
  return time
}

const MINUTE = 60_000
const HOUR = 3_600_000
const WAITS = [
  5000,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

/**
 * The schedule Standard Webhooks recommends to senders: ten attempts within about 76 hours, each wait up to a tenth longer so
 * that failures do not come back as one wave.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardSchedule(): RetryPolicy {
  return {
    attempts: WAITS.length + 1,
    delay: (attempt) => WAITS[Math.min(attempt, WAITS.length) - 1]! * (1 + Math.random() / 10),
  }
}
