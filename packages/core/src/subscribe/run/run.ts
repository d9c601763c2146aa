import { toEvent, type WebhookEvent } from '../../event.ts'
import type { Claim, Outcome, TaskDraft } from '../../inbox/inbox.ts'
import { inTime } from '../../basics/deadline.ts'
import { isPromise, type MaybePromise } from '../../basics/maybe.ts'
import { loopWatch } from './loop-watch.ts'
import { attemptInfo, OBSERVED, type Observed, type RunContext } from './run-context.ts'
import { UNHANDLED, type Subscription, taskDrafts, fairKeyOf } from '../subscription.ts'
import type { TaskError } from '../../inbox/view.ts'
import { SchemaMismatch, failed } from './failure.ts'
import { boundRun } from './tenant-limit.ts'
import { createHash } from 'node:crypto'
import type { Json } from '../../delivery.ts'
import type { Task } from '../task.ts'

/**
 * Runs one attempt: claim → handler → outcome. Never throws. The inbox stores the returned outcome. If the handler
 * threw, `failed` decides whether and when the task is retried.
 */
export function run(
  context: RunContext,
  claim: Claim,
  signal: AbortSignal | undefined,
): MaybePromise<Outcome> {
  if (claim.event.erased) return { kind: 'dead', error: ERASED }
  if (claim.subscription === UNHANDLED) return adopt(context, claim)
  const subscription = context.subscriptions.find(claim.subscription)
  // A worker claims only tasks of its own subscriptions. If a worker gets another task, it postpones the task, so that
  // the task is not lost.
  if (!subscription) return { kind: 'postpone', at: context.now() + 60_000 }
  if (claim.attempt > subscription.retry.attempts) {
    return {
      kind: 'dead',
      error: {
        name: 'AttemptsExhausted',
        message: `attempt ${claim.attempt - 1} did not end: the process died or lost its claim while it ran`,
      },
    }
  }
  return subscription.tenantLimit
    ? bounded(context, claim, subscription, signal)
    : attempt(context, claim, subscription, signal)
}

// This is a separate function, since V8 would otherwise allocate room for its closures at each run.
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

// The error of a task whose event was erased. A replay can start just before the erasure. The handler must not run
// then, since only part of the payload may be left.
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
  const task = new ClaimedTask(context, claim, subscription, signal)
  if (claim.onLost) hearLoss(claim, task)
  const watch = loopWatch()
  const before = watch.current
  const slot = watch.enter(context.receiver, subscription, claim.id)
  let later = false
  try {
    const result = subscription.schema
      ? handleChecked(context, claim, subscription, task)
      : handle(context, claim, subscription, task, claim.event.payload)
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

function hearLoss(claim: Claim, task: ClaimedTask): void {
  claim.onLost!((reason) => task.lose(reason))
}

async function ending(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  task: ClaimedTask,
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

// Milliseconds until an event without a subscription is tried again. Another process may have a handler for it then.
const LOOK_AGAIN = 3_600_000

/**
 * Replaces a waiting event by tasks for the subscriptions that match now. If no subscription matches, the event waits
 * longer.
 */
function adopt(context: RunContext, { event, delivery }: Claim): Outcome {
  const matching = context.subscriptions.match(event)
  if (matching.length === 0) return { kind: 'postpone', at: context.now() + LOOK_AGAIN }
  return { kind: 'done', spawn: taskDrafts(context, matching, event, delivery) }
}

function handle(
  context: RunContext,
  { event, delivery }: Claim,
  subscription: Subscription,
  task: ClaimedTask,
  payload: unknown,
): unknown {
  const made = toEvent(context.receiver, event, delivery, payload)
  return context.observer.around
    ? handleAround(context, made, subscription, task)
    : subscription.handler(made, task)
}

function handleAround(
  { observer }: RunContext,
  made: WebhookEvent,
  subscription: Subscription,
  task: ClaimedTask,
): unknown {
  return observer.around!(made, task, () => subscription.handler(made, task))
}

function handleChecked(
  context: RunContext,
  claim: Claim,
  subscription: Subscription,
  task: ClaimedTask,
): unknown {
  const checked = subscription.schema!['~standard'].validate(claim.event.payload)
  const matched = (result: Awaited<typeof checked>): unknown => {
    if (result.issues) throw new SchemaMismatch(result.issues)
    return handle(context, claim, subscription, task, result.value)
  }
  return isPromise(checked) ? checked.then(matched) : matched(checked)
}

function done({ spawned }: ClaimedTask): Outcome {
  return spawned ? { kind: 'done', spawn: spawned } : DONE
}

const DONE: Outcome = { kind: 'done' }

/** Settles like `result`. After the timeout of the subscription, rejects and aborts the task. */
function withTimeout(
  result: PromiseLike<unknown>,
  task: ClaimedTask,
  { name, timeout }: Subscription,
): Promise<unknown> {
  // `result` may be a thenable whose `then` returns any value, such as a query builder. `inTime` needs a promise.
  return inTime(Promise.resolve(result), timeout, () => {
    const error = new Error(`${name} took longer than its timeout of ${timeout} ms`)
    error.name = 'TimeoutError'
    task.abort(error)
    return error
  })
}

// This is a class, so that its members are computed only when used: most handlers use neither signal nor key. Computing
// both would cost more than the rest of starting the run.
class ClaimedTask implements Task {
  readonly #context: RunContext
  readonly #claim: Claim
  readonly #parent: AbortSignal | undefined
  #controller: AbortController | undefined
  #aborted: { reason: unknown } | undefined
  #lost: { reason: unknown } | undefined
  readonly subscription: string
  readonly attempts: number
  spawned: TaskDraft[] | undefined

  constructor(
    context: RunContext,
    claim: Claim,
    { name, retry }: Pick<Subscription, 'name' | 'retry'>,
    parent: AbortSignal | undefined,
  ) {
    this.#context = context
    this.#claim = claim
    this.#parent = parent
    this.subscription = name
    this.attempts = retry.attempts
  }

  get [OBSERVED](): Observed {
    return {
      observer: this.#context.observer,
      attempt: attemptInfo(this.#context, this.#claim),
    }
  }

  get id(): string {
    return this.#claim.id
  }

  get attempt(): number {
    return this.#claim.attempt
  }

  get part(): string | undefined {
    return this.#claim.part
  }

  get folded(): number {
    return this.#claim.folded?.count ?? 0
  }

  get since(): Date | undefined {
    const { folded } = this.#claim
    return folded && new Date(folded.since)
  }

  get data(): Json | undefined {
    return this.#claim.data
  }

  get idempotencyKey(): string {
    // Uses the name under which the task was stored, so that a renamed subscription keeps its keys.
    const identity = [
      this.#context.receiver,
      this.#claim.event.key,
      this.#claim.subscription,
      this.#claim.part ?? '',
    ]
    return createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, 32)
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      const over = this.#aborted ?? this.#lost
      if (over) this.#controller.abort(over.reason)
    }
    return this.#parent
      ? AbortSignal.any([this.#controller.signal, this.#parent])
      : this.#controller.signal
  }

  /** Aborts the signal after a timeout. A later call of `commit` throws. */
  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }

  /**
   * Aborts the signal after the claim was lost. A later outcome still counts if no other process has stored an outcome.
   */
  lose(reason: unknown): void {
    this.#lost ??= { reason }
    this.#controller?.abort(reason)
  }

  get lost(): boolean {
    return this.#lost !== undefined
  }

  spawn(children: readonly { readonly part: string; readonly data?: Json }[]): void {
    const { event, delivery } = this.#claim
    const fairKey = fairKeyOf(this.#context, event, delivery)
    const base = { subscription: this.subscription, ...(fairKey !== undefined && { fairKey }) }
    this.spawned = [
      ...(this.spawned ?? []),
      ...children.map((child) => checkChild({ ...base, ...child })),
    ]
  }

  commit(work: ((transaction: never) => unknown) | { readonly in: unknown }): unknown {
    if (!this.#claim.commit)
      throw new TypeError(
        `task.commit: ${this.#context.inbox} has no transaction to share; use sqliteInbox or postgresInbox, or task.idempotencyKey`,
      )
    if (this.#aborted)
      throw new Error('task.commit: the attempt timed out, so its outcome is rejected')
    if (typeof work === 'function')
      return this.#claim.commit(work as (transaction: unknown) => unknown, this.spawned)
    if (!this.#claim.commitIn)
      throw new TypeError(
        `task.commit: ${this.#context.inbox} doesn't accept a transaction of the app ({ in }); give a function, or use postgresInbox`,
      )
    return this.#claim.commitIn(work.in, this.spawned)
  }
}

function checkChild(child: TaskDraft): TaskDraft {
  const { part, data } = child
  if (typeof part !== 'string')
    throw new TypeError(`task.spawn: part must be a string, got ${typeof part}`)
  if (data === undefined) return child
  try {
    if (JSON.stringify(data) !== undefined) return child
  } catch {}
  throw new TypeError(
    `task.spawn: data of part ${JSON.stringify(part)} must be a JSON value; BigInt, functions and circular objects cannot be stored`,
  )
}
