import { attachment, settledBy, type Inbox } from '@postern/core/inbox'
import { RINGS } from './arrivals.ts'
import { createEngine } from './engine.ts'
import { createJournal } from './journal.ts'
import { createListen } from './listen.ts'
import { createSide, type PgBossSide } from './port.ts'
import { createPrune } from './prune.ts'
import { createRecords } from './records.ts'
import { checkSettings, type PgBossInboxOptions } from './settings.ts'
import { createView } from './view.ts'

// How long closing waits until given-back tasks are stored, in milliseconds.
const FLUSHING = 500

/**
 * An inbox on PostgreSQL with pg-boss: any number of processes may accept and work on one database. Tasks are pg-boss's
 * jobs with a queue for each subscription, so its dashboards show them. `task.commit` runs a handler's own writes in the
 * transaction that settles its task. It connects at its first use: an unreachable database is a 503 to the sender and no
 * error here. Wrong options throw a `TypeError`.
 *
 * @example
 * const inbox = pgBossInbox({ connectionString: process.env.DATABASE_URL })
 * const receiver = createReceiver({ provider: stripe({ signingSecret }), inbox })
 */
export function pgBossInbox(options: PgBossInboxOptions): Inbox {
  const settings = checkSettings(options)
  const engine = createEngine(settings)
  const sides = new Map<string, PgBossSide>()
  const attached = attachment({
    inbox: 'pgBossInbox',
    window: { option: 'window', time: settings.window },
    join(consumer) {
      const side = createSide(engine, consumer, () => {
        listen.start()
        prune.start()
      })
      sides.set(consumer.receiver, side)
      return side
    },
    async close() {
      await prune.stop()
      listen.stop()
      const flushed = Promise.all([...sides.values()].map((side) => side.flushed()))
      if (engine.started) await settledBy(flushed, Date.now() + FLUSHING)
      await engine.close()
    },
  })
  const look = (): void => attached.look()
  const listen = createListen(engine, look)
  const prune = createPrune(engine)

  return {
    name: 'pgBossInbox',
    window: Math.max(settings.window, settings.keepDone),
    maxPending: settings.maxPending,
    can: {
      order: true,
      transaction: true,
      durable: true,
      fair: true,
      search: 'index',
    },
    attach: (consumer) => attached.attach(consumer),
    view: createView({
      engine,
      consumers: () => attached.consumers(),
      side: (receiver) => sides.get(receiver),
      look,
    }),
    records: createRecords(engine),
    journal: createJournal(engine, RINGS),
    close: () => attached.close(),
  }
}
