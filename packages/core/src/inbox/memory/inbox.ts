import { transactions } from '../engine/accept/transactions.ts'
import { engineInbox } from '../engine/inbox.ts'
import type { Inbox } from '../inbox.ts'
import { memorySettings, type MemoryInboxOptions } from './settings.ts'
import { createStore } from './store.ts'
import { createTables } from './tables.ts'

/**
 * An inbox in the memory of this process. It dedupes, retries, keeps dead tasks and replays, and it FORGETS what it
 * acknowledged when the process ends: for development, tests, and events you can afford to lose. It keeps no done tasks.
 * `sqliteInbox` of `@postern/sqlite` keeps them in one file.
 *
 * @example
 * const receiver = createReceiver({ provider: github({ secret }), inbox: memoryInbox({ maxPending: 1000 }) })
 */
export function memoryInbox(options: MemoryInboxOptions = {}): Inbox<never> {
  const settings = memorySettings(options)
  const tables = createTables(settings)
  const inbox = engineInbox<never>({
    settings,
    store: () => createStore(tables, settings),
    transactions: transactions('memoryInbox'),
    ahead: { time: 20, most: 256 },
    can: { transaction: false, durable: false, search: 'scan' },
    windowed: settings.windowed,
    hold: settings.hold,
  })
  return {
    ...inbox,
    attach(consumer) {
      const port = inbox.attach(consumer)
      tables.join(consumer)
      return port
    },
  }
}
