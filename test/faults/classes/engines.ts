import { DatabaseSync } from 'node:sqlite'
import { Redis } from 'ioredis'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'

/** Runs a function with a temporary client. */
export async function inRedis<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await use(client)
  } finally {
    client.disconnect()
  }
}

/** Runs statements on a new connection. Returns the rows of the last one. */
export async function inPostgres(
  url: string,
  ...statements: readonly string[]
): Promise<readonly pg.QueryResultRow[]> {
  const db = new pg.Client(url)
  // If the server ends the session between two statements, pg emits this event. Without a listener, the process would
  // exit.
  db.on('error', () => {})
  await db.connect()
  try {
    let rows: readonly pg.QueryResultRow[] = []
    for (const statement of statements) ({ rows } = await db.query<pg.QueryResultRow>(statement))
    return rows
  } finally {
    await db.end()
  }
}

/** Runs statements on a new MariaDB connection. Returns the rows of the last one. */
export async function inMysql(
  url: string,
  ...statements: readonly string[]
): Promise<readonly RowDataPacket[]> {
  const db = await createConnection(url)
  try {
    let rows: RowDataPacket[] = []
    for (const statement of statements) [rows] = await db.query<RowDataPacket[]>(statement)
    return rows
  } finally {
    await db.end()
  }
}

/** Returns the URL for a MariaDB user who can write even in read-only mode. */
export function asAdmin(url: string): string {
  return url.replace('postern@', 'admin@')
}

/** Runs statements on the server of an inbox. */
export async function inServer(
  { inbox, store }: { readonly inbox: string; readonly store: string },
  ...statements: readonly string[]
): Promise<void> {
  await (inbox === 'mysql' ? inMysql : inPostgres)(store, ...statements)
}

/** Returns true if a process holds the write lock of an SQLite file. */
export function isLocked(path: string): boolean {
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    db.exec('BEGIN IMMEDIATE; ROLLBACK')
    return false
  } catch {
    return true
  } finally {
    db.close()
  }
}
