// Process to kill. It accepts deliveries and runs handlers, which write their actions to the journal: `node
// crash-victim.ts <inbox> <store> <journal>`.
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver, fixed } from '@postern/core'
import type { MysqlTransaction } from '@postern/mysql'
import type { PgTransaction } from '@postern/postgres'
// Imported by file, because the package would also load its contract suites, which slows down each start.
import { acme } from '../../packages/testing/src/acme.ts'
import { durables, openDurable, type DurableName } from '../services/inboxes.ts'
import { openJournal } from './journal.ts'
import { serve } from './ready.ts'
import { SECRET } from './secrets.ts'

type Effect = (transaction: never, id: string) => unknown

/** Writes an event's effect in the transaction of `task.commit`. Inboxes without transactions are not listed. */
const effects: Partial<Record<DurableName, Effect>> = {
  sqlite: (transaction: DatabaseSync, id) =>
    transaction.prepare('INSERT INTO effects (id) VALUES (?)').run(id),
  postgres: ({ query }: PgTransaction, id) => query('INSERT INTO effects (id) VALUES ($1)', [id]),
  mysql: ({ query }: MysqlTransaction, id) => query('INSERT INTO effects (id) VALUES (?)', [id]),
}

const [name, store = '', journal = ''] = process.argv.slice(2) as [DurableName, ...string[]]
const lines = openJournal(journal)
const receiver = createReceiver({
  provider: acme({ secret: SECRET }),
  // A short lease, so that the tasks of a killed process run again during the test.
  inbox: await openDurable(name, store, { lease: '1s', ...durables[name].prompt }),
  log: false,
  observers: [{ accepted: ({ id }) => lines.write(`new ${id}`) }],
})
receiver.on(
  'thing.**',
  { name: 'plain', concurrency: 32, retry: { attempts: 8 } },
  async (event, task) => {
    lines.write(`run plain ${event.id} ${task.idempotencyKey}`)
    await sleep(Math.random() * 4)
  },
)
receiver.on(
  'thing.**',
  { name: 'shaky', concurrency: 32, retry: fixed({ attempts: 1000, delay: 1 }) },
  async (event) => {
    lines.write(`run shaky ${event.id}`)
    await sleep(Math.random() * 2)
    if (Math.random() < 0.2) throw new Error('this time it did not work')
  },
)
const effect = effects[name]
if (effect) {
  receiver.on(
    'thing.**',
    {
      name: 'exact',
      concurrency: 32,
      retry: { attempts: 1000 },
      orderingKey: ({ id }) => id!.slice(-1),
    },
    async (event, task) => {
      await sleep(Math.random() * 2)
      lines.write(`run exact ${event.id}`)
      await task.commit((transaction) => effect(transaction as never, event.id!))
    },
  )
}
serve(receiver)
