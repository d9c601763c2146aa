import type { Inbox } from '@postern/core/inbox'
import { testInbox, type TransactionProbe } from '@postern/testing'
import { describe, test } from 'vitest'
import { mysqlInbox, type MysqlInboxOptions, type MysqlTransaction } from '../src/index.ts'
import type { Mariadb } from './mariadb.ts'

/** All that `testInbox` asks of a durable inbox, each case on empty tables. */
export function testContract(
  name: string,
  mariadb: () => Mariadb,
  options: (mariadb: Mariadb) => MysqlInboxOptions,
): void {
  const probe: TransactionProbe = {
    setUp: (transaction) =>
      (transaction as MysqlTransaction).query('CREATE TABLE IF NOT EXISTS effects (text text)'),
    write: (transaction, text) =>
      (transaction as MysqlTransaction).query('INSERT INTO effects VALUES (?)', [text]),
    read: async () =>
      (await mariadb().rows('SELECT text FROM effects')).map(
        (row) => (row as unknown as { text: string }).text,
      ),
  }

  testInbox(
    async (wish) => {
      await empty(mariadb())
      const opened: Inbox[] = []
      const open = (): Inbox => {
        const inbox = mysqlInbox({ ...options(mariadb()), pollInterval: 20, ...wish })
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
        async abandon() {
          await mariadb().rows('UPDATE postern_tasks SET lease = 0 WHERE lease IS NOT NULL')
        },
        async close() {
          await Promise.all(opened.map((inbox) => inbox.close()))
        },
      }
    },
    // A task that is interrupted again and again waits for up to 24 seconds in all.
    {
      describe,
      test(title, body) {
        test(title, body, 60_000)
      },
    },
    {
      name,
      durable: true,
      shared: true,
      order: true,
      transaction: () => probe,
      keepsDone: true,
      records: true,
      bounded: true,
      guards: true,
      drain: true,
      fair: true,
      pages: true,
      suspects: true,
      journal: true,
    },
  )
}

// What is made with the tables.
const MADE = ['postern_schema', 'postern_counters', 'postern_locks']

/** A store as new: making the tables for each test would take most of their time. */
async function empty({ rows }: Mariadb): Promise<void> {
  const found = await rows(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'postern\\_%'",
  )
  const names = found.map((row) => (row as unknown as { name: string }).name)
  const statements = [
    'DROP TABLE IF EXISTS effects',
    ...names.filter((name) => !MADE.includes(name)).map((name) => `DELETE FROM ${name}`),
  ]
  await rows(statements.join('; '))
}
