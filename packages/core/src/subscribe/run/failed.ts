import { errorText, memberOf, textOf } from '../../errors.ts'
import type { Claim, Outcome } from '../../inbox/inbox.ts'
import type { AttemptInfo, Planned } from '../../observe/infos.ts'
import { exponential, type RetryPolicy } from '../retry.ts'
import type { Subscription } from '../subscription.ts'
import type { RunningTask } from './claimed-task.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import { isMismatch, taskError } from './task-error.ts'

/** The outcome of a run that threw: what its error asks for, else what the retry policy says. */
export function failed(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  error: unknown,
  signal: AbortSignal | undefined,
  task?: RunningTask,
): Outcome {
  const info = attemptInfo(context, claim)
  // An error after the abort comes from the closing or the lost claim, not from the task: it uses no attempt.
  const postponed =
    signal?.aborted === true || task?.lost === true
      ? 0
      : (delayOf(context, error, 'Postpone') ?? claim.conflict?.(error))
  if (postponed !== undefined) {
    const at = context.now() + postponed
    context.observer.postponed?.(info, at)
    return { kind: 'postpone', at }
  }
  const stored = taskError(error)
  const planned: Planned =
    stored.name === 'Unrecoverable' ||
    isMismatch(error) ||
    info.attempt >= subscription.retry.attempts
      ? { kind: 'dead' }
      : { kind: 'retry', at: context.now() + waitOf(context, info, subscription, error) }
  context.observer.attemptFailed?.(info, error, planned)
  return { ...planned, error: stored }
}

function waitOf(
  context: RunContext,
  info: AttemptInfo,
  subscription: Subscription,
  error: unknown,
): number {
  const asked = delayOf(context, error, 'RetryAfter')
  if (asked === undefined) return policyWait(context, info, subscription)
  return memberOf(error, 'atLeast') === true
    ? Math.max(asked, policyWait(context, info, subscription))
    : asked
}

function policyWait(context: RunContext, info: AttemptInfo, { name, retry }: Subscription): number {
  try {
    const wait = retry.delay(info.attempt)
    if (wait >= 0 && wait < Infinity) return Math.min(wait, LONGEST)
    throw new TypeError(`its delay returned ${String(wait)}`)
  } catch (failure) {
    context.observer.warning?.(
      context.receiver,
      `the retry policy of ${name} failed, so the default one is used: ${errorText(failure)}`,
    )
    return DEFAULT_POLICY.delay(info.attempt)
  }
}

// A longer wait is a mistake: 1e17 ms are three million years.
const LONGEST = 365 * 86_400_000
const DEFAULT_POLICY: RetryPolicy = exponential()

/** Milliseconds of a `RetryAfter` or `Postpone`. Found by name, since another copy of the package may have made it. */
function delayOf(
  context: RunContext,
  error: unknown,
  name: 'RetryAfter' | 'Postpone',
): number | undefined {
  if (textOf(error, 'name') !== name) return undefined
  const delay = memberOf(error, 'delay')
  if (typeof delay !== 'number' || !(delay >= 0)) return undefined
  if (delay <= LONGEST) return delay
  context.observer.warning?.(
    context.receiver,
    `${name} asked for ${delay} ms, more than a year: it waits for a year`,
  )
  return LONGEST
}
