import { testServer } from '../../postgres/test/contract.ts'
import { mysqlInbox, type MysqlInboxOptions, type MysqlTransaction } from '../src/index.ts'
import type { Mariadb } from './mariadb.ts'

/** Defines the cases of `testInbox` for a durable inbox. Each case starts with empty tables. */
export function testContract(
  name: string,
  mariadb: () => Mariadb,
  options: (mariadb: Mariadb) => MysqlInboxOptions,
): void {
  testServer(name, {
    open: (wish) => mysqlInbox({ ...options(mariadb()), ...wish }),
    empty: () => empty(mariadb()),
    query: (text) => mariadb().rows(text),
    probe: {
      setUp: (transaction) =>
        (transaction as MysqlTransaction).query('CREATE TABLE IF NOT EXISTS effects (text text)'),
      write: (transaction, text) =>
        (transaction as MysqlTransaction).query('INSERT INTO effects VALUES (?)', [text]),
    },
  })
}

// These tables get their rows when they are created, so they are not emptied.
const MADE = ['postern_schema', 'postern_counters', 'postern_locks']

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
