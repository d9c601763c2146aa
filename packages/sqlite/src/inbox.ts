import type { Consumer, Inbox, Port } from '@postern/core/inbox'
import { connect } from './connection.ts'
import { createPort, type SqlitePort } from './port.ts'
import { createPrune } from './prune.ts'
import { createRecords } from './records.ts'
import { checkSettings, type SqliteInboxOptions } from './settings.ts'
import { createStore } from './store.ts'
import { createView } from './view.ts'

/**
 * An inbox in one SQLite file, on Node's own `node:sqlite`. What was acknowledged is on the disk: a process that is
 * killed at any moment loses nothing, and no settled task runs again. Several processes of one machine may share the
 * file. Opens the file at once: throws a `TypeError` where it cannot be an inbox.
 *
 * @example
 * const inbox = sqliteInbox({ path: 'webhooks.db' })
 * const receiver = createReceiver({ provider: github({ secret }), inbox })
 */
export function sqliteInbox(options: SqliteInboxOptions): Inbox {
  const settings = checkSettings(options)
  const connections = connect(settings.path)
  const store = createStore(connections, settings)
  const ports = new Map<string, SqlitePort>()
  const look = (): void => {
    for (const port of ports.values()) port.look()
  }
  const prune = createPrune(store)
  let closed = false

  return {
    name: 'sqliteInbox',
    can: { order: true, transaction: true, durable: true },
    attach,
    view: createView(store, look, () => [...ports.values()].map((port) => port.consumer)),
    records: createRecords(store),
    async close() {
      if (closed) return
      closed = true
      await Promise.all([...ports.values()].map((port) => port.close(Date.now())))
      prune.stop()
      await store.writer.flushed()
      store.writer.close()
      connections.close()
    },
  }

  function attach(consumer: Consumer): Port {
    const { receiver, retrySpan } = consumer
    if (closed) throw new TypeError(`sqliteInbox was closed: receiver ${receiver} needs a new one`)
    if (ports.get(receiver)?.closed === false)
      throw new TypeError(
        `sqliteInbox already has a receiver named ${receiver}: give each receiver a name of its own`,
      )
    if (settings.window < retrySpan)
      throw new TypeError(
        `sqliteInbox: window is ${settings.window} ms, but the sender of ${receiver} delivers again for ${retrySpan} ms: make it at least that long`,
      )
    const port = createPort(store, consumer, () => prune.start())
    ports.set(receiver, port)
    return port
  }
}
