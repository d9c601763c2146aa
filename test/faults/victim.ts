import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createReceiver, fixed } from '@postern/core'
import { type Inbox } from '@postern/core/inbox'
import { webhook } from '@postern/node'
// Imported by file: the package loads the suites too, and processes start often here.
import { acme } from '../../packages/testing/src/acme.ts'
import { openJournal } from './journal.ts'
import { SECRET } from './secrets.ts'

/** Options of a victim, the same for each inbox. */
export interface VictimOptions {
  readonly inbox: Inbox
  readonly journal: string
  /** Writes the effect of an event in the transaction of `task.commit`; absent if the inbox has no transactions. */
  readonly effect?: (transaction: never, id: string) => unknown
}

/** Runs a process to kill: it accepts deliveries, runs handlers and records their actions. It prints `ready <port>`. */
export function startVictim({ inbox, journal, effect }: VictimOptions): void {
  const lines = openJournal(journal)
  const receiver = createReceiver({
    provider: acme({ secret: SECRET }),
    inbox,
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
        await task.commit((transaction) => effect(transaction, event.id!))
      },
    )
  }
  const server = createServer(webhook(receiver))
  server.listen(0, '127.0.0.1', () => {
    console.log(`ready ${(server.address() as AddressInfo).port}`)
  })
}
