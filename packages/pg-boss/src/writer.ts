import type { WebhookError } from '@postern/core'
import { createBatch, type Batch, type BatchWork, type Taken } from '@postern/core/inbox'
import type { Database } from './connection.ts'
import { isDataFault, isTransient, lateError, unavailable } from './errors.ts'
import type { EncodedIntake } from './encode.ts'
import type { PgExecutor } from './pg.ts'

/** A delivery on its way into the database. */
export interface Work extends BatchWork {
  readonly intake: EncodedIntake
  done(taken: readonly Taken[]): void
  failed(error: WebhookError): void
}

/** Stores deliveries together that arrive in one turn of the event loop, or while others are stored. */
export type Writer = Batch<Work>

/** Stores a batch in the transaction of `client`. */
export type Store = (
  client: PgExecutor,
  batch: readonly EncodedIntake[],
) => Promise<readonly (readonly Taken[])[]>

// Bounds of one transaction.
const BATCH_ROWS = 128
const BATCH_BYTES = 8 * 1024 * 1024
// Transactions at once: while the server writes one, this process prepares the next. Waiting deliveries are shared out
// among them, if each gets enough to be worth a transaction.
const AT_ONCE = 2
const SHARE = 24

/** Makes the writer. `last` is put before each COMMIT. */
export function createWriter(db: Database, store: Store, last: string): Writer {
  return createBatch<Work>({
    inbox: 'pgBossInbox',
    rows: BATCH_ROWS,
    bytes: BATCH_BYTES,
    atOnce: AT_ONCE,
    share: SHARE,
    async store(batch, until) {
      const taken = await db.transaction(
        until - performance.now(),
        (client) =>
          store(
            client,
            batch.map((work) => work.intake),
          ),
        last,
      )
      batch.forEach((work, at) => work.done(taken[at]!))
    },
    fault(error) {
      if (isTransient(error)) return 'again'
      // A delivery that the database refuses must not fail the others of its batch.
      return isDataFault(error) ? 'one' : 'all'
    },
    refusal: unavailable,
    late: () => lateError('take it', 0),
  })
}
