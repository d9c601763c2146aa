import type { Json } from '../delivery.ts'

/** One attempt at one event for one subscription, as its handler sees it. */
export interface Task<Commit extends AnyCommit = AnyCommit> {
  /** Id of the task in its inbox. */
  readonly id: string
  /** Name of the subscription. */
  readonly subscription: string
  /** 1 for the first attempt. */
  readonly attempt: number
  /** Maximum number of attempts of the retry policy. */
  readonly attempts: number
  /** A key for APIs with idempotency keys: the same for all attempts of one event and subscription, also after restarts. */
  readonly idempotencyKey: string
  /** Aborts when the attempt times out, its claim is lost, or the receiver closes. */
  readonly signal: AbortSignal
  /** Name of this child task among its siblings; undefined if it was not spawned. */
  readonly part: string | undefined
  /** Number of earlier events of its key that this run replaces; 0 without `debounce`. */
  readonly folded: number
  /** When the first of these events arrived; undefined without `debounce`. */
  readonly since: Date | undefined
  /** The data with which the child task was spawned. */
  readonly data: Json | undefined
  /**
   * Adds child tasks of the same subscription, which are stored in the step that makes this task done. They have the tenant of
   * this task. Data that is not a JSON value throws a `TypeError`, since no inbox could store it.
   */
  spawn(children: readonly { readonly part: string; readonly data?: Json }[]): void
  /**
   * Completes this task in one transaction with your own writes: both happen or neither. Call it last. The argument depends on
   * the inbox: a function that gets the inbox's connection ({@link CommitWrite}), and with PostgreSQL also an open transaction
   * of your own ({@link CommitIn}). Inboxes without transactions do not have it.
   */
  readonly commit: Commit
}

/**
 * `task.commit` of an inbox that provides its own connection; synchronous with SQLite. Returns what `write` returns.
 *
 * @example
 * task.commit((database) => database.prepare('INSERT INTO payment VALUES (?)').run(event.id))
 */
export type CommitWrite<Transaction> = <T>(write: (transaction: Transaction) => T) => T

/**
 * `task.commit` in an open transaction of your own. `in` runs a statement there and returns its rows. If your transaction is
 * rolled back, the task stays open, and your error decides what happens next.
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
 * `task.commit` if the type of the inbox is not known: declare the type of the function's argument.
 *
 * @example
 * await task.commit(({ query }: PgTransaction) => query('INSERT INTO payment VALUES ($1)', [event.id]))
 */
export type AnyCommit = Loose['commit']

// A method, so that `task.commit` of any inbox is assignable.
interface Loose {
  commit(work: ((transaction: never) => unknown) | OwnTransaction): unknown
}
