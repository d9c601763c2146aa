import { DatabaseSync } from 'node:sqlite'
import type { Host } from '@postern/core/inbox'
import { inTransaction as inMysql } from '@postern/mysql'
import { inTransaction as inPostgres } from '@postern/postgres'
import { inTransaction as inSqlite } from '@postern/sqlite'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'

/** App's own connection to the inbox's database. */
export interface Shop {
  /** Statement that begins a transaction. */
  readonly begin: string
  /** Makes `emit` store its event in the open transaction. */
  readonly host: Host
  run(sql: string): Promise<readonly object[]>
  close(): Promise<void>
}

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

export async function openMysqlShop(uri: string): Promise<Shop> {
  const connection = await createConnection({ uri })
  return {
    begin: 'START TRANSACTION',
    host: inMysql(connection),
    run: async (sql) => (await connection.query(sql))[0] as readonly object[],
    close: () => connection.end(),
  }
}

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
