import { attachment, type Inbox } from '@postern/core/inbox'
import { openFile } from './driver/node.ts'
import { createJournal } from './journal.ts'
import { createPort } from './port.ts'
import { createPrune } from './prune.ts'
import { createRecords } from './records.ts'
import { checkSettings, type SqliteInboxOptions } from './settings.ts'
import { createStore } from './store.ts'
import { createTopicIndex } from './topics.ts'
import { migrate } from './schema.ts'
import { createView } from './view.ts'
import { written } from './written.ts'

/**
 * An inbox in one SQLite file, on Node's own `node:sqlite`. Acknowledged deliveries are on the disk: a process that is
 * killed at any moment loses none, and no settled task runs again. Several processes of one machine may share the
 * file. Opens the file at once: throws a `TypeError` if it cannot be an inbox.
 *
 * @example
 * const inbox = sqliteInbox({ path: 'webhooks.db' })
 * const receiver = createReceiver({ provider: github({ secret }), inbox })
 */
export function sqliteInbox(options: SqliteInboxOptions): Inbox {
  const settings = checkSettings(options)
  const driver = openFile(settings.path, migrate)
  const store = createStore(driver, settings)
  const warn = (message: string): void => {
    for (const consumer of receivers.consumers()) consumer.warn(message)
  }
  const upkeep = driver.upkeep?.((run) => written(store, run), warn)
  const sweeps = [createPrune(store), createTopicIndex(store), ...(upkeep ? [upkeep] : [])]
  const receivers = attachment({
    inbox: 'sqliteInbox',
    window: { option: 'window', time: settings.window },
    join(consumer) {
      driver.guard?.start(warn)
      return createPort(store, consumer, () => sweeps.forEach((sweep) => sweep.start()))
    },
    async close() {
      driver.guard?.stop()
      await Promise.all(sweeps.map((sweep) => sweep.stop()))
      await store.writer.flushed()
      store.writer.close()
      driver.close()
    },
  })

  return {
    name: 'sqliteInbox',
    can: { order: true, transaction: true, durable: true, fair: true, search: 'index' },
    window: settings.keepDone,
    maxPending: settings.maxPending,
    attach: (consumer) => receivers.attach(consumer),
    view: createView(
      store,
      () => receivers.look(),
      () => receivers.consumers(),
    ),
    records: createRecords(store),
    journal: createJournal(store),
    close: () => receivers.close(),
  }
}
