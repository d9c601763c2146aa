import { milliseconds } from '../basics/deadline.ts'
import { unknownOptions } from '../basics/unknown-options.ts'
import type { RunDueOptions } from './options.ts'

/** The options of `receiver.runDue`, checked; `until` is a time of `performance.now()`. Throws a `TypeError` that names the one that is wrong. */
export function checkRunDue(options: RunDueOptions): {
  readonly until: number
  readonly max: number
  readonly last: number
} {
  unknownOptions('runDue', options, ['deadline', 'max', 'reserve'])
  const { deadline = '25s', max = Infinity, reserve = '1s' } = options
  if (max !== Infinity && !(Number.isSafeInteger(max) && max >= 1))
    throw new TypeError(`runDue: max must be a whole number from 1 and up, got ${String(max)}`)
  return {
    until: performance.now() + milliseconds(deadline, 'runDue: deadline'),
    max,
    last: milliseconds(reserve, 'runDue: reserve'),
  }
}
