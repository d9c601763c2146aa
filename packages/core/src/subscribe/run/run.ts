import { toEvent, type WebhookEvent } from '../../event.ts'
import type { Claim, Outcome, TaskError } from '../../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { boundRun } from './bound-run.ts'
import { failed } from './failed.ts'
import { loopWatch } from './loop-watch.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import { UNHANDLED, type Subscription } from '../subscription.ts'
import { taskDrafts } from '../task-drafts.ts'
import { createTask, type RunningTask } from './claimed-task.ts'
import { SchemaMismatch } from './task-error.ts'
import { withTimeout } from './timeout.ts'

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
  return subscription.perKey
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
