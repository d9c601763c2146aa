import { milliseconds, retryPolicy, type MaybePromise } from '@postern/core/internal'
import type { Duration, RetryOption, WebhookEvent, RetryPolicy } from '@postern/core'
import { unknownOptions } from '@postern/core/engine'
import type { Records } from '@postern/core/inbox'
import type { Destination, DestinationInit, SignOption } from './signer.ts'
import type { GuardOptions } from '@postern/core/guard'
import type { Content } from './message.ts'

/** Limits of calls to destinations, and the circuit breaker. All apply per process. */
export interface CallOptions extends GuardOptions {
  /** Retry policy of failed calls. @default standardSchedule(): ten attempts within about 76 hours */
  readonly retry?: RetryOption
  /** Maximum number of parallel calls to one destination. @default 8 */
  readonly concurrency?: number
  /**
   * Maximum number of parallel calls to all destinations. Set this limit here, not on the subscription, so that the
   * destinations share it fairly.
   * @default 128
   */
  readonly total?: number
  /** Time limit to connect. @default '5s' */
  readonly connectTimeout?: Duration
  /** Time limit of a whole call. @default '15s' */
  readonly timeout?: Duration
  /** Maximum number of bytes to read and drop from a response, so that its connection can be reused. @default 65_536 */
  readonly maxResponse?: number
  /** Maximum wait that a destination's `Retry-After` can request. @default '1h' */
  readonly maxRetryAfter?: Duration
  /** Circuit breaker: when calls to a destination pause, and for how long. */
  readonly breaker?: {
    /** Number of consecutive failures that start a pause. @default 5 */
    readonly failures?: number
    /** Length of the first pause. Each failed probe doubles the length. @default '1s' */
    readonly pause?: Duration
    /** Maximum length of a pause. @default '5m' */
    readonly maxPause?: Duration
  }
  /**
   * Maximum time that a task waits while calls to its destination pause. After this time the task is dead; `replay`
   * makes it pending again.
   * @default the whole span of the retry policy
   */
  readonly giveUp?: Duration
  /**
   * Maximum number of waiting tasks of one destination in one process. Further tasks are dead immediately, so that a
   * destination that is down cannot fill the inbox. @default 10_000
   */
  readonly maxWaiting?: number
  /** Clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

/** Options of `forward`. */
export interface ForwardOptions<Event extends WebhookEvent = WebhookEvent> extends CallOptions {
  /** Destinations: one or several URLs, or a function that is called once per event and returns them. */
  readonly to:
    | DestinationInit
    | readonly DestinationInit[]
    | ((event: Event) => MaybePromise<DestinationInit | readonly DestinationInit[]>)
  /**
   * Signer of the message, or false for no signature. If `to` is a function, give a function here too. With one signer
   * for all customers, a customer could forward a signed message to another customer.
   */
  readonly sign: SignOption<Event>
  /** Creates the body. @default the exact original bytes; for one event of a batch, its payload as JSON */
  readonly transform?: (event: Event, destination: Destination) => MaybePromise<Content>
  /** Names of headers to forward, or prefixes such as `x-github-*`. @default ['traceparent', 'tracestate'] */
  readonly headers?: readonly string[]
  /** Called when a destination answers 410. If this function throws, the task is retried. */
  readonly onGone?: (destination: Destination, event: Event) => unknown
  /**
   * Records of the inbox (`inbox.records`), to remember destinations that answered 410. Such destinations get no more
   * events. @default not stored
   */
  readonly records?: Records | undefined
}

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

type BreakerOptions = NonNullable<CallOptions['breaker']>
type Numbers = Exclude<keyof CallOptions, keyof GuardOptions | 'retry' | 'breaker' | 'now'>

/** Checked call options, with times in milliseconds. */
export type CallSettings = Required<Pick<CallOptions, 'retry' | 'now'>> & {
  readonly [Name in Numbers | keyof BreakerOptions]: number
}

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

/** Returns the time from the first attempt to the last, in milliseconds. */
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
 * Returns the retry schedule that Standard Webhooks recommends: ten attempts within about 76 hours. Each wait is up to
 * a tenth longer, so that failed calls do not return at the same moment.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function standardSchedule(): RetryPolicy {
  return {
    attempts: WAITS.length + 1,
    delay: (attempt) => WAITS[Math.min(attempt, WAITS.length) - 1]! * (1 + Math.random() / 10),
  }
}
