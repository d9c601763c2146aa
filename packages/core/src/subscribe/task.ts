import type { Json } from '../delivery.ts'

/** One attempt at one event for one subscription, as its handler sees it. */
export interface Task<Commit extends AnyCommit = AnyCommit> {
  /** Id of the task in its inbox. */
  readonly id: string
  /** Name of the subscription. */
  readonly subscription: string
  /** Number of the attempt; 1 for the first. */
  readonly attempt: number
  /** Maximum number of attempts of the retry policy. */
  readonly attempts: number
  /**
   * A key for APIs that accept idempotency keys. The key is the same for all attempts of one event and subscription,
   * also after restarts.
   */
  readonly idempotencyKey: string
  /** Aborts when the attempt times out, when its claim is lost, or when the receiver closes. */
  readonly signal: AbortSignal
  /** Name of a child task that `spawn` created; undefined for other tasks. */
  readonly part: string | undefined
  /** Number of earlier events of the same key that this run replaces; 0 without `debounce`. */
  readonly folded: number
  /** Time when the first of the replaced events arrived; undefined without `debounce`. */
  readonly since: Date | undefined
  /** The data that `spawn` got for this child task. */
  readonly data: Json | undefined
  /**
   * Adds child tasks of the same subscription. The child tasks are stored in the same step in which this task becomes
   * done, and have the tenant of this task. Throws a `TypeError` for data that is not a JSON value, since no inbox
   * could store it.
   */
  spawn(children: readonly { readonly part: string; readonly data?: Json }[]): void
  /**
   * Completes this task in one transaction with your own writes, so that both happen or neither. Call `commit` last.
   * The argument depends on the inbox: a function that gets the inbox's connection ({@link CommitWrite}), and with
   * PostgreSQL also an open transaction of your own ({@link CommitIn}). Inboxes without transactions do not have this
   * method.
   */
  readonly commit: Commit
}

/**
 * The method `task.commit` of an inbox that provides its own connection; synchronous with SQLite. Returns the result of
 * `write`.
 *
 * @example
 * task.commit((database) => database.prepare('INSERT INTO payment VALUES (?)').run(event.id))
 */
export type CommitWrite<Transaction> = <T>(write: (transaction: Transaction) => T) => T

/**
 * The method `task.commit` in an open transaction of your own. `in` runs a statement in that transaction and returns
 * its rows. If your transaction is rolled back, the task stays open, and your error decides what happens next.
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
 * The method `task.commit` if the type of the inbox is not known. Declare the type of the function's argument yourself.
 *
 * @example
 * await task.commit(({ query }: PgTransaction) => query('INSERT INTO payment VALUES ($1)', [event.id]))
 */
export type AnyCommit = Loose['commit']

// Declared as a method, so that `task.commit` of any inbox is assignable.
interface Loose {
  commit(work: ((transaction: never) => unknown) | OwnTransaction): unknown
}
