import type { Inbox } from '@postern/core/inbox'
import { testInbox, type TransactionProbe } from '@postern/testing'
import type pg from 'pg'
import { describe, test } from 'vitest'
import { postgresInbox, type PgTransaction, type PostgresInboxOptions } from '../src/index.ts'

/**
 * All that `testInbox` asks of a durable inbox, each case on empty tables. `server` leads to the tables past any pooler.
 * `share` is one half of the cases: two files with both play them side by side.
 */
export function testContract(
  name: string,
  where: () => { readonly url: string; readonly server: pg.Pool },
  { share, ...options }: Pick<PostgresInboxOptions, 'prepare'> & { readonly share?: 0 | 1 } = {},
): void {
  let cases = 0
  const probe: TransactionProbe = {
    setUp: (transaction) =>
      (transaction as PgTransaction).query('CREATE TABLE effects (text text)'),
    write: (transaction, text) =>
      (transaction as PgTransaction).query('INSERT INTO effects VALUES ($1)', [text]),
    read: async () =>
      (await where().server.query('SELECT text FROM effects')).rows.map(
        (row: { text: string }) => row.text,
      ),
  }

  testInbox(
    async (wish) => {
      const { url, server } = where()
      await empty(server)
      const opened: Inbox[] = []
      const open = (): Inbox => {
        const inbox = postgresInbox({
          connectionString: url,
          pollInterval: 20,
          ...options,
          ...wish,
        })
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
          await server.query('UPDATE postern_tasks SET lease = 0 WHERE lease IS NOT NULL')
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
        if (share === undefined || cases++ % 2 === share) test(title, body, 60_000)
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

/**
 * A store as new: making the tables for each test would take most of their time. TRUNCATE would write new files for each table and
 * index, which takes 40 times as long; its locks are taken all the same, so that nothing of the test before comes later.
 */
async function empty(server: pg.Pool): Promise<void> {
  const { rows } = await server.query(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'
     AND tablename LIKE 'postern%' AND tablename <> 'postern_schema'`,
  )
  const names = rows.map((row: { name: string }) => row.name)
  const statements = [
    'DROP TABLE IF EXISTS effects',
    ...(names.length > 0 ? [`LOCK TABLE ${names.join(', ')} IN ACCESS EXCLUSIVE MODE`] : []),
    ...names.map((name) => `DELETE FROM ${name}`),
  ]
  await server.query(statements.join('; '))
}
