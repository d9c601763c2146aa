// Takes 25 s.
import { DatabaseSync } from 'node:sqlite'
import type { Inbox } from '@postern/core/inbox'
import { testInbox, type TransactionProbe } from '@postern/testing'
import { describe, test } from 'vitest'
import { sqliteInbox } from '../src/index.ts'
import { temporaryFile } from './file.ts'

let path = ''

const probe: TransactionProbe = {
  setUp: (transaction) => (transaction as DatabaseSync).exec('CREATE TABLE effects (text TEXT)'),
  write: (transaction, text) =>
    (transaction as DatabaseSync).prepare('INSERT INTO effects VALUES (?)').run(text),
  read: () =>
    read((db) =>
      db
        .prepare('SELECT text FROM effects')
        .all()
        .map((row) => String(row['text'])),
    ),
}

testInbox(
  (wish) => {
    const file = temporaryFile()
    const opened: Inbox[] = []
    // The inbox looks for ended leases ten times per lease, so the lease is short.
    const open = (): Inbox => {
      const inbox = sqliteInbox({ path: file.path, pollInterval: 5, lease: '5s', ...wish })
      opened.push(inbox)
      return inbox
    }
    path = file.path
    return {
      inbox: open(),
      async reopen() {
        await opened.pop()!.close()
        return open()
      },
      another: open,
      abandon: () =>
        read((db) => {
          db.exec(
            'PRAGMA busy_timeout = 5000; UPDATE postern_processes SET gone = 1, seen = beat, silent = 1e9',
          )
        }),
      async close() {
        await Promise.all(opened.map((inbox) => inbox.close()))
        file.remove()
      },
    }
  },
  { describe, test },
  {
    name: 'sqliteInbox',
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

function read<T>(look: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path)
  try {
    return look(db)
  } finally {
    db.close()
  }
}
