import { createHash } from 'node:crypto'
import type { Json } from '../../delivery.ts'
import type { Claim, TaskDraft } from '../../inbox/inbox.ts'
import type { Observer } from '../../observer.ts'
import { OBSERVED, type Observed } from './observed.ts'
import { attemptInfo } from './run-context.ts'
import { type Subscription, fairKeyOf, type DraftRules } from '../subscription.ts'
import type { Task } from '../task.ts'

/** A task with the results of its run. */
export interface RunningTask extends Task {
  readonly spawned: readonly TaskDraft[] | undefined
  /** Aborts the signal, if anybody asked for it, since the attempt timed out: what it does later is rejected. */
  abort(reason: unknown): void
  /** The same, since its claim is lost: what it does later counts if nobody has settled the task. */
  lose(reason: unknown): void
  readonly lost: boolean
}

/** What a task needs of its receiver. */
interface TaskContext extends DraftRules {
  readonly inbox: string
  readonly observer: Observer
}

/** Makes the task of a claim. */
export function createTask(
  context: TaskContext,
  claim: Claim,
  subscription: Pick<Subscription, 'name' | 'retry'>,
  parent: AbortSignal | undefined,
): RunningTask {
  return new ClaimedTask(context, claim, subscription, parent)
}

// A class for the lazy members: most handlers look at neither signal nor key, and both cost more than the dispatch.
class ClaimedTask implements RunningTask {
  readonly #context: TaskContext
  readonly #claim: Claim
  readonly #parent: AbortSignal | undefined
  #controller: AbortController | undefined
  #aborted: { reason: unknown } | undefined
  #lost: { reason: unknown } | undefined
  readonly subscription: string
  readonly attempts: number
  spawned: TaskDraft[] | undefined

  constructor(
    context: TaskContext,
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

  get data(): Json | undefined {
    return this.#claim.data
  }

  get idempotencyKey(): string {
    // The name the task was stored under, so that a renamed subscription keeps its keys.
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

  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }

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
