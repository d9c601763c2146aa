import { milliseconds, unknownOptions, handlerMade } from '@postern/core/internal'
import type { Duration, Receiver } from '@postern/core'
import type { Context } from 'aws-lambda'

/** Options of {@link runDue}. */
export interface RunDueOptions {
  /** The time that is left for the function when it returns. @default '2s' */
  readonly leave?: Duration
  /** Tasks that may run. @default all that are due */
  readonly max?: number
}

/**
 * Makes a Lambda handler that runs due tasks, for a schedule of EventBridge. It ends before the function's own time does,
 * whatever that is set to, so that no attempt is cut by the platform. Throws a `TypeError` if an option is wrong.
 *
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

/** How a handler that was made and never called is exported: Lambda takes a function that is returned for success. */
export function remedyOf(name: string): string {
  return `export what ${name}(receiver) returns, export const handler = ${name}(receiver), or call it, ${name}(receiver)(event, context); a handler that returns it answers null and accepts nothing`
}
