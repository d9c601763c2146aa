import { WebhookError } from '@postern/core'
import { errorText, isA } from '@postern/core/inbox'
import { createErrors, type Driver } from '@postern/sqlite/store'
import type { ObjectState } from '../runtime.ts'
import { objectDatabase, sharedOf, type TransactionEnd } from './database.ts'
import { INBOX, ROW, SMALLER_BODY } from '../settings.ts'

// https://www.sqlite.org/rescode.html
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
/** Reaches the database of a Durable Object. `ending` belongs to the transactions that store deliveries. */
export function objectDriver(ctx: ObjectState, ending: TransactionEnd): Driver {
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
    // Keys in memory would be read again each time it is opened.
    freshKeys: 0,
    // An object runs once at a time: processes of an earlier start are gone.
    life: {
      hold: (process) => void shared.living.add((own = process)),
      isHeld: (process) => shared.living.has(process),
      isFree: (process) => !shared.living.has(process),
      release: () => void shared.living.delete(own),
    },
    close() {},
  }
}

/** Errors of the runtime name SQLite's result code in their message alone. */
function codeOf(error: unknown): number | undefined {
  const found = /\bSQLITE_([A-Z]+)/.exec(isA(error, Error) ? errorText(error) : '')
  return found ? (CODES[found[1]!] ?? CODES['ERROR']) : undefined
}
