import type { Json } from '../delivery.ts'

/** One attempt at one event for one subscription, as its handler sees it. */
export interface Task {
  /** Identity of the task in its inbox. */
  readonly id: string
  /** Name of the subscription. */
  readonly subscription: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** How many attempts the retry policy allows. */
  readonly attempts: number
  /** Stable per event and subscription, over attempts and restarts: pass it on to APIs that take an idempotency key. */
  readonly idempotencyKey: string
  /** Aborted when the attempt times out, its claim is lost, or the receiver closes. */
  readonly signal: AbortSignal
  /** Name of this child task among its siblings; undefined if it was not spawned. */
  readonly part: string | undefined
  /** Data that the child task was spawned with. */
  readonly data: Json | undefined
  /**
   * Ends this task in child tasks of the same subscription, stored in the step that makes it done. They have the fair key
   * of this task. Data that is no JSON value throws a `TypeError`: no inbox could store it.
   */
  spawn(children: readonly { readonly part: string; readonly data?: Json }[]): void
  /**
   * Runs `write` in the transaction that settles this task, as its last act: both happen or neither. Only if the
   * inbox `can.transaction`; `write` gets that inbox's own connection and is synchronous with SQLite.
   */
  commit<T>(write: (transaction: never) => T): T
  /**
   * Settles this task in an open transaction of your own, as the last act in it: `in` runs a statement there and returns its rows.
   * If your transaction is rolled back the task is as before, and your error decides. Only with inboxes that can (`postgresInbox`).
   *
   * @example
   * await db.transaction(async (tx) => {
   *   await tx.insert(payments).values({ id: event.id })
   *   await task.commit({ in: drizzleSql(tx) })
   * })
   */
  commit(own: {
    readonly in: (text: string, values: unknown[]) => PromiseLike<unknown>
  }): Promise<void>
}
