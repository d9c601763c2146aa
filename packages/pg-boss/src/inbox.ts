import type { Consumer, Inbox, Port } from '@postern/core/inbox'
import { createEngine } from './engine.ts'
import { createListen } from './listen.ts'
import { createPending } from './capacity.ts'
import { createPort, type PgBossPort } from './port.ts'
import { createPrune } from './prune.ts'
import { createRecords } from './records.ts'
import { checkSettings, type PgBossInboxOptions } from './settings.ts'
import { createView } from './view.ts'

/**
 * An inbox on PostgreSQL with pg-boss: any number of processes may accept and work on one database. Tasks are pg-boss's
 * jobs, one queue a subscription, so that its dashboards show them; `task.commit` runs a handler's own writes in the
 * transaction that settles its task. Connects when it is first used: a database that is down is a 503 to the sender
 * and no error here. Options that are wrong throw a `TypeError`.
 *
 * @example
 * const inbox = pgBossInbox({ connectionString: process.env.DATABASE_URL })
 * const receiver = createReceiver({ provider: stripe({ signingSecret }), inbox })
 */
export function pgBossInbox(options: PgBossInboxOptions): Inbox {
  const settings = checkSettings(options)
  const engine = createEngine(settings)
  const pending = createPending(engine)
  const ports = new Map<string, PgBossPort>()
  const look = (): void => {
    for (const port of ports.values()) port.look()
  }
  const listen = createListen(engine, look)
  const prune = createPrune(engine)
  let closed = false

  return {
    name: 'pgBossInbox',
    can: { order: true, transaction: true, durable: true },
    attach,
    view: createView(engine, pending, () => [...ports.values()], look),
    records: createRecords(engine),
    async close() {
      if (closed) return
      closed = true
      await Promise.all([...ports.values()].map((port) => port.close(Date.now())))
      prune.stop()
      listen.stop()
      for (const port of ports.values()) port.end()
      await engine.close()
    },
  }

  function attach(consumer: Consumer): Port {
    const { receiver, retrySpan } = consumer
    if (closed) throw new TypeError(`pgBossInbox was closed: receiver ${receiver} needs a new one`)
    if (ports.get(receiver)?.closed === false)
      throw new TypeError(
        `pgBossInbox already has a receiver named ${receiver}: give each receiver a name of its own`,
      )
    if (settings.window < retrySpan)
      throw new TypeError(
        `pgBossInbox: window: must be at least the ${retrySpan} ms over which the sender of ${receiver} delivers again, got ${settings.window} ms; make it longer`,
      )
    const port = createPort(engine, consumer, pending, () => {
      listen.start()
      prune.start()
    })
    ports.set(receiver, port)
    return port
  }
}
