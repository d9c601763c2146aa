import { DatabaseSync } from 'node:sqlite'
import type { Host } from '@postern/core/inbox'
import { inTransaction as inMysql } from '@postern/mysql'
import { inTransaction as inPostgres } from '@postern/postgres'
import { inTransaction as inSqlite } from '@postern/sqlite'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'

/** An app's own connection to the database its inbox is in. */
export interface Shop {
  /** What begins a transaction. */
  readonly begin: string
  /** Has what a source emits stored in the transaction that is open. */
  readonly host: Host
  run(sql: string): Promise<readonly object[]>
  close(): Promise<void>
}

/** Connects to a PostgreSQL. */
export async function openPostgresShop(url: string): Promise<Shop> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return {
    begin: 'BEGIN',
    host: inPostgres(client),
    run: async (sql) => (await client.query<object>(sql)).rows,
    close: () => client.end(),
  }
}

/** Connects to a MariaDB. */
export async function openMysqlShop(uri: string): Promise<Shop> {
  const connection = await createConnection({ uri })
  return {
    begin: 'START TRANSACTION',
    host: inMysql(connection),
    run: async (sql) => (await connection.query(sql))[0] as readonly object[],
    close: () => connection.end(),
  }
}

/** Connects to a file of SQLite. */
export async function openSqliteShop(path: string): Promise<Shop> {
  const db = new DatabaseSync(path)
  return {
    begin: 'BEGIN IMMEDIATE',
    host: inSqlite(db),
    run: async (sql) =>
      db
        .prepare(sql)
        .all()
        .map((row) => ({ ...row })),
    close: async () => db.close(),
  }
}
