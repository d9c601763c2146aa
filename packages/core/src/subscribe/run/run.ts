import { toEvent, type WebhookEvent } from '../../event.ts'
import type { Claim, Outcome } from '../../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { loopWatch } from './loop-watch.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import { UNHANDLED, type Subscription, taskDrafts, fairKeyOf } from '../subscription.ts'
import { createTask, type RunningTask } from './claimed-task.ts'
import { errorText, memberOf, textOf } from '../../errors.ts'
import type { AttemptInfo, Planned } from '../../observe/infos.ts'
import { exponential, type RetryPolicy } from '../retry.ts'
import type { TaskError } from '../../inbox/view.ts'
import { SchemaMismatch, taskError, isMismatch } from './task-error.ts'
import { createKeyBounds, type KeyBounds } from './key-bound.ts'

/**
 * Runs one attempt: claim → handler → outcome. It never throws. The inbox stores the outcome; of a run that threw, `failed.ts`
 * decides whether and when the task is tried again.
 */
export function run(
  context: RunContext,
  claim: Claim,
  signal: AbortSignal | undefined,
): MaybePromise<Outcome> {
  if (claim.event.erased) return { kind: 'dead', error: ERASED }
  if (claim.subscription === UNHANDLED) return adopt(context, claim)
  const subscription = context.subscriptions.find(claim.subscription)
  // A worker claims only its own lanes. If an engine hands over a task of another lane, the task waits and is not lost.
  if (!subscription) return { kind: 'postpone', at: context.now() + 60_000 }
  if (claim.attempt > subscription.retry.attempts) {
    return {
      kind: 'dead',
      error: {
        name: 'AttemptsExhausted',
        message: `attempt ${claim.attempt - 1} never ended: the process died or lost its claim while it ran`,
      },
    }
  }
  return subscription.tenantLimit
    ? bounded(context, claim, subscription, signal)
    : attempt(context, claim, subscription, signal)
}

// A function of its own: V8 would make room for what closures see at each run, with or without bounds.
function bounded(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  signal: AbortSignal | undefined,
): MaybePromise<Outcome> {
  return boundRun(
    context,
    claim,
    subscription,
    () => attempt(context, claim, subscription, signal),
    (error) => failed(context, claim, subscription, error, signal),
  )
}

// A replay that began before the contents were erased: a handler must not take what is left for an event.
const ERASED: TaskError = {
  name: 'ErasedEvent',
  message: 'the contents of this event were erased, so it cannot run again',
}

function attempt(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  signal: AbortSignal | undefined,
): MaybePromise<Outcome> {
  context.observer.attemptStarted?.(attemptInfo(context, claim))
  const task = createTask(context, claim, subscription, signal)
  if (claim.onLost) hearLoss(claim, task)
  const watch = loopWatch()
  const before = watch.current
  const slot = watch.enter(context.receiver, subscription, claim.id)
  let later = false
  try {
    const result = handle(context, claim, subscription, task)
    if (!isPromise(result)) return done(task)
    later = true
    return ending(context, claim, subscription, task, result, slot, signal)
  } catch (error) {
    return failed(context, claim, subscription, error, signal, task)
  } finally {
    watch.leave(before)
    if (!later) watch.free(slot)
  }
}

function hearLoss(claim: Claim, task: RunningTask): void {
  claim.onLost!((reason) => task.lose(reason))
}

/** The outcome of a handler that returned a promise. */
async function ending(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  task: RunningTask,
  result: PromiseLike<unknown>,
  slot: number,
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  try {
    await withTimeout(result, task, subscription)
    return done(task)
  } catch (error) {
    return failed(context, claim, subscription, error, signal, task)
  } finally {
    loopWatch().free(slot)
  }
}

// Another process may have the handler: it finds the task within this time.
const LOOK_AGAIN = 3_600_000

/** Ends an event nobody subscribed to in tasks for the subscriptions that match it now; without any it waits on. */
function adopt(context: RunContext, { event, delivery }: Claim): Outcome {
  const matching = context.subscriptions.match(event)
  if (matching.length === 0) return { kind: 'postpone', at: context.now() + LOOK_AGAIN }
  return { kind: 'done', spawn: taskDrafts(context, matching, event, delivery) }
}

function handle(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  task: RunningTask,
): unknown {
  const { event, delivery } = claim
  if (subscription.schema) return handleChecked(context, claim, subscription, task)
  const made = toEvent(context.receiver, event, delivery, event.payload)
  return context.observer.around
    ? handleAround(context, made, subscription, task)
    : subscription.handler(made, task)
}

function handleAround(
  { observer }: RunContext,
  made: WebhookEvent,
  subscription: Subscription,
  task: RunningTask,
): unknown {
  return observer.around!(made, task, () => subscription.handler(made, task))
}

function handleChecked(
  context: RunContext,
  { event, delivery }: Claim,
  subscription: Subscription,
  task: RunningTask,
): unknown {
  const checked = subscription.schema!['~standard'].validate(event.payload)
  const matched = (result: Awaited<typeof checked>): unknown => {
    if (result.issues) throw new SchemaMismatch(result.issues)
    const made = toEvent(context.receiver, event, delivery, result.value)
    return context.observer.around
      ? handleAround(context, made, subscription, task)
      : subscription.handler(made, task)
  }
  return isPromise(checked) ? checked.then(matched) : matched(checked)
}

function done({ spawned }: RunningTask): Outcome {
  return spawned ? { kind: 'done', spawn: spawned } : DONE
}

const DONE: Outcome = { kind: 'done' }

/** Settles as the handler's result does, or rejects and aborts the task when the subscription's timeout is over. */
function withTimeout(
  result: PromiseLike<unknown>,
  task: RunningTask,
  subscription: Subscription,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const error = new Error(
        `${subscription.name} took longer than its timeout of ${subscription.timeout} ms`,
      )
      error.name = 'TimeoutError'
      task.abort(error)
      reject(error)
    }, subscription.timeout)
    // Query builders are thenables whose `then` may return any value.
    void Promise.resolve(result).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error as Error)
      },
    )
  })
}

/** Runs an attempt within the bounds of its key, or postpones the task. `failed` gets what `tenantKey` throws. */
function boundRun(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  attempt: () => MaybePromise<Outcome>,
  failed: (error: unknown) => Outcome,
): MaybePromise<Outcome> {
  const bounds = boundsOf(subscription)
  let key: string | undefined
  try {
    key = fairKeyOf(context, claim.event, claim.delivery)
  } catch (error) {
    return failed(error)
  }
  if (key === undefined) {
    const warning = bounds.withoutKey()
    if (warning !== undefined) context.observer.warning?.(context.receiver, warning)
    return attempt()
  }
  const entered = bounds.enter(key, context.now())
  if (typeof entered === 'number') {
    context.observer.postponed?.(attemptInfo(context, claim), entered)
    return { kind: 'postpone', at: entered }
  }
  const ended = (outcome: Outcome): Outcome => {
    entered(context.now())
    return outcome
  }
  const outcome = attempt()
  return isPromise(outcome) ? outcome.then(ended) : ended(outcome)
}

// Made at the first run: a process that only accepts does not load them.
const made = new WeakMap<Subscription, KeyBounds>()

function boundsOf(subscription: Subscription): KeyBounds {
  let bounds = made.get(subscription)
  if (!bounds)
    made.set(
      subscription,
      (bounds = createKeyBounds(subscription.tenantLimit ?? {}, subscription.name)),
    )
  return bounds
}

/** The outcome of a run that threw: what its error asks for, else what the retry policy says. */
function failed(
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
      : (delayOf(context, error, 'PostponeError') ?? claim.conflict?.(error))
  if (postponed !== undefined) {
    const at = context.now() + postponed
    context.observer.postponed?.(info, at)
    return { kind: 'postpone', at }
  }
  const stored = taskError(error)
  const planned: Planned =
    stored.name === 'UnrecoverableError' ||
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
  const asked = delayOf(context, error, 'RetryAfterError')
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

/** Milliseconds of a `RetryAfterError` or `PostponeError`. Found by name, since another copy of the package may have made it. */
function delayOf(
  context: RunContext,
  error: unknown,
  name: 'RetryAfterError' | 'PostponeError',
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
