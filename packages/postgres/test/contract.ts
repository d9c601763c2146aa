import type { Inbox } from '@postern/core/inbox'
import { testInbox, type TransactionProbe } from '@postern/testing'
import type pg from 'pg'
import { describe, test } from 'vitest'
import { postgresInbox, type PgTransaction, type PostgresInboxOptions } from '../src/index.ts'

/** A database server. Each case first empties its tables. */
interface ContractServer {
  readonly open: (wish: object) => Inbox
  readonly empty: () => Promise<void>
  readonly query: (text: string) => Promise<readonly object[]>
  readonly probe: Pick<TransactionProbe, 'setUp' | 'write'>
}

/** Defines the cases of `testInbox` for an inbox on a database server, except the groups in `without`. */
export function testServer(
  name: string,
  { open, empty, query, probe }: ContractServer,
  without: readonly string[] = [],
): void {
  testInbox(
    async (wish) => {
      await empty()
      const opened: Inbox[] = []
      const openOne = (): Inbox => {
        opened.push(open({ pollInterval: 20, ...wish }))
        return opened.at(-1)!
      }
      return {
        inbox: openOne(),
        async reopen() {
          await opened.pop()!.close()
          return openOne()
        },
        another: openOne,
        async abandon() {
          await query('UPDATE postern_tasks SET lease = 0 WHERE lease IS NOT NULL')
        },
        async close() {
          await Promise.all(opened.map((inbox) => inbox.close()))
        },
      }
    },
    // A task that is interrupted again and again waits for up to 24 s in all, so the limit is 60 s.
    {
      describe(title, body) {
        if (!without.includes(title)) describe(title, body)
      },
      test: (title, body) => test(title, body, 60_000),
    },
    {
      name,
      durable: true,
      shared: true,
      order: true,
      transaction: () => ({
        ...probe,
        read: async () =>
          (await query('SELECT text FROM effects')).map((row) => (row as { text: string }).text),
      }),
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

/** Defines the contract tests on PostgreSQL. `server` connects without a pooler. */
export function testContract(
  name: string,
  where: () => { readonly url: string; readonly server: pg.Pool },
  {
    without,
    ...options
  }: Pick<PostgresInboxOptions, 'prepare'> & { readonly without?: readonly string[] } = {},
): void {
  testServer(
    name,
    {
      open: (wish) => postgresInbox({ connectionString: where().url, ...options, ...wish }),
      empty: () => empty(where().server),
      query: async (text) => (await where().server.query<object>(text)).rows,
      probe: {
        setUp: (transaction) =>
          (transaction as PgTransaction).query('CREATE TABLE effects (text text)'),
        write: (transaction, text) =>
          (transaction as PgTransaction).query('INSERT INTO effects VALUES ($1)', [text]),
      },
    },
    without,
  )
}

/**
 * Empties the tables. New tables for each test would be slow. TRUNCATE takes 40 times as long as DELETE, since it
 * writes new files. The locks keep out late writes of the previous test.
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
