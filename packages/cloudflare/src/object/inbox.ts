import { engineInbox, transactions, errorText, isA } from '@postern/core/engine'
import {
  createStore,
  migrateFile,
  STEPS,
  type FileLayout,
  createErrors,
  type Driver,
} from '@postern/sqlite/store'
import {
  type ObjectInbox,
  INBOX,
  type ObjectSettings,
  ROW,
  SMALLER_BODY,
  type ObjectState,
} from '../remote.ts'
import { type TransactionEnd, objectDatabase, sharedOf } from './database.ts'
import { WebhookError } from '@postern/core'

/**
 * Opens the inbox in the object's SQLite. The functions of `ending` are called at the end of each transaction.
 *
 * @throws {TypeError} if the tables of the inbox have an incompatible version.
 */
export function openInbox(
  ctx: ObjectState,
  { engine }: Pick<ObjectSettings, 'engine'>,
  ending: TransactionEnd,
): ObjectInbox {
  const driver = objectDriver(ctx, ending)
  const layout: FileLayout = {
    inbox: INBOX,
    package: '@postern/cloudflare',
    place: driver.name,
    steps: STEPS,
    force: 'a deployment, which starts a new instance of the object',
  }
  migrateFile(driver.main, driver.life!, layout)
  return engineInbox({
    settings: engine,
    transactions: transactions(INBOX),
    store: (warn, back) => createStore(driver, engine, layout, warn, back),
  })
}

// SQLite's result codes: https://www.sqlite.org/rescode.html
const CODES: Readonly<Record<string, number>> = {
  ERROR: 1,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  TOOBIG: 18,
  CONSTRAINT: 19,
  MISMATCH: 20,
  MISUSE: 21,
  AUTH: 23,
  RANGE: 25,
}
const TOOBIG = 18
/** Creates the object's driver. `ending` is called at the end of each transaction that may write. */
function objectDriver(ctx: ObjectState, ending: TransactionEnd): Driver {
  const { storage } = ctx
  const shared = sharedOf(storage)
  const name = `the Durable Object ${String(ctx.id)}`
  const errors = createErrors(INBOX, name, codeOf)
  const side = objectDatabase(storage, shared)
  const commits = objectDatabase(storage, shared, ending)
  let own = 0

  return {
    inbox: INBOX,
    name,
    process: name,
    main: objectDatabase(storage, shared, ending),
    side,
    commits: () => commits,
    dropCommits() {},
    errors: {
      ...errors,
      unavailable: (error) =>
        codeOf(error) === TOOBIG
          ? new WebhookError('body_too_large', {
              problem: 'too_large',
              limit: ROW,
              remedy: SMALLER_BODY,
            })
          : errors.unavailable(error),
    },
    sleeps: true,
    // Each key is indexed with its event, since keys in memory would have to be read again at each start.
    freshKeys: 0,
    // Only one instance of an object runs at a time, so processes of earlier starts have ended.
    life: {
      hold: (process) => void shared.living.add((own = process)),
      isHeld: (process) => shared.living.has(process),
      isFree: (process) => !shared.living.has(process),
      release: () => void shared.living.delete(own),
    },
    close() {},
  }
}

/** Returns SQLite's result code. Errors of the runtime contain this code only in their message. */
function codeOf(error: unknown): number | undefined {
  const found = /\bSQLITE_([A-Z]+)/.exec(isA(error, Error) ? errorText(error) : '')
  return found ? (CODES[found[1]!] ?? CODES['ERROR']) : undefined
}
