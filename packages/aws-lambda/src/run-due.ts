import { milliseconds, unknownOptions, handlerMade } from '@postern/core/internal'
import type { Duration, Receiver } from '@postern/core'
import type { Context } from 'aws-lambda'

/** Options of {@link runDue}. */
export interface RunDueOptions {
  /** Time before the function's timeout at which the handler returns. @default '2s' */
  readonly leave?: Duration
  /** Maximum number of tasks to run. @default all due tasks */
  readonly max?: number
}

/**
 * Creates a Lambda handler that runs due tasks, for an EventBridge schedule. The handler ends before the function's own
 * timeout, so that Lambda interrupts no attempt.
 *
 * @throws {TypeError} if an option is wrong.
 * @example
 * export const cron = runDue(receiver, { leave: '2s' })
 */
export function runDue(
  receiver: Pick<Receiver, 'runDue'>,
  options: RunDueOptions = {},
): (
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
) => ReturnType<Receiver['runDue']> {
  unknownOptions('runDue', options, ['leave', 'max'])
  if (typeof receiver?.runDue !== 'function')
    throw new TypeError('runDue: receiver must be what createReceiver() returns')
  const leave = milliseconds(options.leave ?? '2s', 'runDue: leave')
  const { max } = options
  const called = handlerMade(receiver, remedyOf('runDue'))
  return (_event, context) => {
    called()
    return receiver.runDue({
      deadline: Math.max(1, context.getRemainingTimeInMillis() - leave),
      ...(max !== undefined && { max }),
    })
  }
}

/**
 * Returns the advice to log if the app exports a function that returns the handler, in place of the handler itself.
 * Lambda would call that function and report a success.
 */
export function remedyOf(name: string): string {
  return `export what ${name}(receiver) returns, export const handler = ${name}(receiver), or call it, ${name}(receiver)(event, context); a handler that returns it answers null and accepts nothing`
}
