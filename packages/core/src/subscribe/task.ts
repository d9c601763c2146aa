import type { Json } from '../delivery.ts'

/** One attempt at one event for one subscription, as its handler sees it. */
export interface Task<Commit extends AnyCommit = AnyCommit> {
  /** Identity of the task in its inbox. */
  readonly id: string
  /** Name of the subscription. */
  readonly subscription: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** How many attempts the retry policy allows. */
  readonly attempts: number
  /** Stable per event and subscription, over attempts and restarts: pass it on to APIs that accept an idempotency key. */
  readonly idempotencyKey: string
  /** Aborted when the attempt times out, its claim is lost, or the receiver closes. */
  readonly signal: AbortSignal
  /** Name of this child task among its siblings; undefined if it was not spawned. */
  readonly part: string | undefined
  /** Earlier events of its key that this run stands for, in addition to its own. 0 without `debounce`. */
  readonly folded: number
  /** When the first of these events came; undefined without `debounce`. */
  readonly since: Date | undefined
  /** Data that the child task was spawned with. */
  readonly data: Json | undefined
  /**
   * Ends this task in child tasks of the same subscription, stored in the step that makes it done. They have the tenant
   * of this task. Data that is not a JSON value throws a `TypeError`: no inbox could store it.
   */
  spawn(children: readonly { readonly part: string; readonly data?: Json }[]): void
  /**
   * Settles this task in one transaction with your own writes, as its last act: both happen or neither. What it accepts depends on
   * the inbox: a function that gets the inbox's connection ({@link CommitWrite}), with PostgreSQL also an open transaction of
   * your own ({@link CommitIn}). It cannot be called with an inbox that has no transactions.
   */
  readonly commit: Commit
}

/**
 * `task.commit` of an inbox that hands out its own connection: synchronous with SQLite. Returns what `write` returns.
 *
 * @example
 * task.commit((database) => database.prepare('INSERT INTO payment VALUES (?)').run(event.id))
 */
export type CommitWrite<Transaction> = <T>(write: (transaction: Transaction) => T) => T

/**
 * `task.commit` in an open transaction of your own: `in` runs a statement there and returns its rows. If your transaction is
 * rolled back the task is as before, and your error decides.
 *
 * @example
 * await db.transaction(async (tx) => {
 *   await tx.insert(payments).values({ id: event.id })
 *   await task.commit({ in: drizzleSql(tx) })
 * })
 */
export type CommitIn = (own: OwnTransaction) => Promise<void>

/** An open transaction of the app. */
interface OwnTransaction {
  readonly in: (text: string, values: unknown[]) => PromiseLike<unknown>
}

/**
 * `task.commit` where the type does not tell the inbox: give the function's argument its type.
 *
 * @example
 * await task.commit(({ query }: PgTransaction) => query('INSERT INTO payment VALUES ($1)', [event.id]))
 */
export type AnyCommit = Loose['commit']

// A method, so that `task.commit` of any inbox is one.
interface Loose {
  commit(work: ((transaction: never) => unknown) | OwnTransaction): unknown
}
