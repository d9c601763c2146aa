import { milliseconds, type Duration } from '../basics/deadline.ts'
import { checkObject, unknownOptions } from '../basics/unknown-options.ts'

/** Decides how often and when a failed task is retried. */
export interface RetryPolicy {
  /** Maximum number of attempts, including the first one. */
  readonly attempts: number
  /** Returns the milliseconds to wait after attempt number `attempt` (1 for the first) has failed. */
  delay(attempt: number): number
}

/** Options of {@link exponential}. */
export interface ExponentialOptions {
  /** Maximum number of attempts, including the first one. @default 8 */
  readonly attempts?: number
  /** Maximum wait after the first attempt. A number is in milliseconds. @default '1s' */
  readonly initialDelay?: Duration
  /** Factor by which the maximum wait grows with each attempt. @default 4 */
  readonly factor?: number
  /** Upper limit of every wait. A number is in milliseconds. @default '1h' */
  readonly maxDelay?: Duration
  /**
   * `full` waits for a random time between 0 and the maximum, so that failed tasks are not all retried at once.
   * @default 'full'
   */
  readonly jitter?: 'full' | 'none'
}

/**
 * Creates a policy with growing waits. Each wait is random between 0 and its maximum ("full jitter").
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function exponential(options: ExponentialOptions = {}): RetryPolicy {
  return growing('exponential', options)
}

function growing(what: string, options: ExponentialOptions): RetryPolicy {
  unknownOptions(what, options, ['attempts', 'initialDelay', 'factor', 'maxDelay', 'jitter'])
  const base = milliseconds(options.initialDelay ?? '1s', 'retry.initialDelay')
  const max = milliseconds(options.maxDelay ?? '1h', 'retry.maxDelay')
  const factor = options.factor ?? 4
  if (!(typeof factor === 'number' && factor >= 1 && factor < Infinity))
    throw new TypeError(`retry.factor must be a number from 1 and up, got ${String(factor)}`)
  const jitter = options.jitter ?? 'full'
  if (jitter !== 'full' && jitter !== 'none')
    throw new TypeError(`retry.jitter must be full or none, got ${String(jitter)}`)
  return {
    attempts: checkAttempts(options.attempts ?? 8),
    delay(attempt) {
      // For a late attempt the power is Infinity, and 0 × Infinity is NaN. So the power is limited.
      const bound = Math.min(max, base * Math.min(factor ** (attempt - 1), Number.MAX_VALUE))
      return Math.round(jitter === 'full' ? Math.random() * bound : bound)
    },
  }
}

/** Creates a policy with the same wait after each failure. */
export function fixed(options: {
  readonly attempts?: number
  readonly delay: Duration
}): RetryPolicy {
  checkObject('fixed: options', options)
  unknownOptions('fixed', options, ['attempts', 'delay'])
  const delay = milliseconds(options.delay, 'retry.delay')
  return { attempts: checkAttempts(options.attempts ?? 8), delay: () => delay }
}

/** A `retry` option: a policy, or the options of {@link exponential}. */
export type RetryOption = RetryPolicy | ExponentialOptions

export function retryPolicy(option: RetryOption | undefined): RetryPolicy {
  if (option !== undefined && (typeof option !== 'object' || option === null))
    throw new TypeError(
      `retry must be a policy or options such as { attempts: 3 }, got ${JSON.stringify(option)}`,
    )
  if (option && 'delay' in option && typeof option.delay === 'function')
    return { attempts: checkAttempts(option.attempts), delay: option.delay.bind(option) }
  return growing('retry', (option ?? {}) as ExponentialOptions)
}

/** Throw this error in a handler if a retry cannot help. The task is then dead immediately. */
export class UnrecoverableError extends Error {
  override readonly name = 'UnrecoverableError'
}

/** Options of {@link RetryAfterError}. */
export interface RetryAfterOptions extends ErrorOptions {
  /** True uses the wait of the retry policy if that wait is longer. @default false */
  readonly atLeast?: boolean
}

/**
 * Throw this error in a handler to choose the time of the next attempt. The failed attempt counts. A wait of more than
 * a year becomes a year, and observers get a warning.
 */
export class RetryAfterError extends Error {
  override readonly name = 'RetryAfterError'
  /** Time to wait, in milliseconds. */
  readonly delay: number
  /** True if a longer wait of the retry policy is used instead. */
  readonly atLeast: boolean

  constructor(delay: Duration, message?: string, options: RetryAfterOptions = {}) {
    const wait = delay === Infinity ? Infinity : milliseconds(delay, 'RetryAfterError')
    super(message ?? `try again in ${wait} ms`, options)
    this.delay = wait
    this.atLeast = options.atLeast === true
  }
}

/**
 * Throw this error in a handler if the task must wait, such as for a busy or failing destination. The attempt does not
 * count.
 */
export class PostponeError extends Error {
  override readonly name = 'PostponeError'
  /** Time to wait, in milliseconds. */
  readonly delay: number

  constructor(delay: Duration, message?: string, options?: ErrorOptions) {
    const wait = delay === Infinity ? Infinity : milliseconds(delay, 'PostponeError')
    super(message ?? `not before ${wait} ms from now`, options)
    this.delay = wait
  }
}

function checkAttempts(attempts: number): number {
  if (!(Number.isInteger(attempts) && attempts >= 1))
    throw new TypeError(
      `retry.attempts must be a whole number from 1 and up, got ${String(attempts)}`,
    )
  return attempts
}
