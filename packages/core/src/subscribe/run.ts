import { errorText } from '../errors.ts'
import { toEvent } from '../event.ts'
import type { Claim, Outcome, TaskError } from '../inbox/inbox.ts'
import { isPromise, type MaybePromise } from '../maybe.ts'
import type { AttemptInfo } from '../observer.ts'
import { exponential, type Postpone, type RetryAfter, type RetryPolicy } from './retry.ts'
import { issuePath, type SchemaIssue } from './standard-schema.ts'
import { attemptInfo, type RunContext } from './run-context.ts'
import type { Subscription } from './subscription.ts'
import { createTask, type RunningTask } from './task.ts'

/**
 * Runs one attempt: claim → handler → outcome. It never throws. The inbox stores the outcome; how often and when a
 * task is tried again is decided here.
 */
export function run(
  context: RunContext,
  claim: Claim,
  signal: AbortSignal | undefined,
): MaybePromise<Outcome> {
  const subscription = context.subscriptions.find(claim.subscription)
  // A worker claims only lanes it has; should an engine hand over another, it must wait and not be lost.
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
  context.observer.attemptStarted?.(attemptInfo(context, claim))
  const task = createTask(
    context.receiver,
    context.inbox,
    claim,
    subscription.name,
    subscription.retry.attempts,
    signal,
  )
  try {
    const result = handle(context, claim, subscription, task)
    if (!isPromise(result)) return done(task)
    return withTimeout(result, task, subscription).then(
      () => done(task),
      (error: unknown) => failed(context, claim, subscription, error),
    )
  } catch (error) {
    return failed(context, claim, subscription, error)
  }
}

function handle(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  task: RunningTask,
): unknown {
  const { schema, handler } = subscription
  const { event, delivery } = claim
  if (!schema) return handler(toEvent(context.receiver, event, delivery, event.payload), task)
  const checked = schema['~standard'].validate(event.payload)
  const matched = (result: Awaited<typeof checked>): unknown => {
    if (result.issues) throw new SchemaMismatch(result.issues)
    return handler(toEvent(context.receiver, event, delivery, result.value), task)
  }
  return isPromise(checked) ? checked.then(matched) : matched(checked)
}

function done({ spawned }: RunningTask): Outcome {
  return spawned ? { kind: 'done', spawn: spawned } : DONE
}

const DONE: Outcome = { kind: 'done' }

function failed(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  error: unknown,
): Outcome {
  const info = attemptInfo(context, claim)
  if (isDelayed(error, 'Postpone')) {
    const at = context.now() + error.delay
    context.observer.postponed?.(info, at)
    return { kind: 'postpone', at }
  }
  context.observer.attemptFailed?.(info, error)
  const stored = taskError(error)
  if (
    stored.name === 'Unrecoverable' ||
    error instanceof SchemaMismatch ||
    info.attempt >= subscription.retry.attempts
  )
    return { kind: 'dead', error: stored }
  return {
    kind: 'retry',
    at: context.now() + waitOf(context, info, subscription, error),
    error: stored,
  }
}

function waitOf(
  context: RunContext,
  info: AttemptInfo,
  { name, retry }: Subscription,
  error: unknown,
): number {
  if (isDelayed(error, 'RetryAfter')) return error.delay
  try {
    const wait = retry.delay(info.attempt)
    if (wait >= 0 && wait < Infinity) return wait
    throw new TypeError(`its delay gave ${String(wait)}`)
  } catch (failure) {
    context.observer.warning?.(
      context.receiver,
      `the retry policy of ${name} failed, so the default one is used: ${errorText(failure)}`,
    )
    return DEFAULT_POLICY.delay(info.attempt)
  }
}

const DEFAULT_POLICY: RetryPolicy = exponential()

// By name, since another copy of the package may have made it.
function isDelayed(error: unknown, name: string): error is RetryAfter | Postpone {
  return (
    error instanceof Error &&
    error.name === name &&
    'delay' in error &&
    typeof error.delay === 'number' &&
    error.delay >= 0
  )
}

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
    // Query builders are thenables whose `then` may give anything.
    void Promise.resolve(result)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

/** The payload does not match the subscription's schema: trying again cannot help. */
class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
  readonly issues: readonly SchemaIssue[]

  constructor(issues: readonly SchemaIssue[]) {
    // Places only: what a schema says of a value may quote the value, and messages are logged.
    super(
      `the payload does not match the schema at ${issues.map((issue) => issuePath(issue) || 'its root').join(', ')}`,
    )
    this.issues = issues
  }
}

function taskError(error: unknown): TaskError {
  if (!(error instanceof Error)) return { name: 'Error', message: errorText(error) }
  const issues =
    error instanceof SchemaMismatch
      ? error.issues.map((issue) => ({ message: issue.message, path: issuePath(issue) }))
      : undefined
  return {
    name: error.name,
    message: errorText(error),
    stack: error.stack,
    ...(issues && { issues }),
  }
}
