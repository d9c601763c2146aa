// Takes 15 s.
import type { Inbox } from '@postern/core/inbox'
import { testInbox, type TransactionProbe } from '@postern/testing'
import { describe, test } from 'vitest'
import { createTables, type Tables } from './skeleton/tables.ts'
import { mapInbox } from './skeleton.ts'

let tables: Tables

const probe: TransactionProbe = {
  setUp: () => undefined,
  write: (effects, text) => (effects as Tables['effects']).set(tables.next(), text),
  read: () => tables.effects.rows(),
}

testInbox(
  (wish) => {
    const own = createTables()
    tables = own
    const opened: Inbox[] = []
    const open = (): Inbox => {
      const inbox = mapInbox({ tables: own, ...wish })
      opened.push(inbox)
      return inbox
    }
    return {
      inbox: open(),
      async reopen() {
        await opened.pop()!.close()
        return open()
      },
      another: open,
      abandon() {
        for (const row of own.tasks.rows())
          if (row.lease !== null) own.tasks.set(row.id, { ...row, lease: 0 })
      },
      async close() {
        await Promise.all(opened.map((inbox) => inbox.close()))
      },
    }
  },
  { describe, test: (name, body) => test(name, body, 60_000) },
  {
    name: 'mapInbox',
    durable: true,
    shared: true,
    order: true,
    transaction: () => probe,
    keepsDone: true,
    records: true,
    bounded: true,
    guards: true,
    suspects: true,
    drain: true,
    fair: true,
    pages: true,
    journal: true,
  },
)
