import { engineInbox, transactions } from '@postern/core/inbox'
import { createStore, migrateFile, STEPS, type FileLayout } from '@postern/sqlite/store'
import type { ObjectInbox } from '../receivers.ts'
import type { ObjectState } from '../runtime.ts'
import { INBOX, type ObjectSettings } from '../settings.ts'
import type { TransactionEnd } from './database.ts'
import { objectDriver } from './driver.ts'

// As in sqliteInbox: a transaction is shared by as many tasks as end within this time, in milliseconds, and no more than this number.
const AHEAD = { time: 20, most: 256 }

/**
 * Opens the inbox in the object's own SQLite. Throws a `TypeError` if its tables are of a version in which this one may
 * not work.
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
    ahead: AHEAD,
    transactions: transactions(INBOX),
    store: (warn, back) => createStore(driver, engine, layout, warn, back),
  })
}
