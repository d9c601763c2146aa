import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Database, Statement, Value } from './driver.ts'

/** Wraps a connection of `node:sqlite`. */
export function nodeDatabase(db: DatabaseSync): Database {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const read = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  const dataVersion = db.prepare('PRAGMA data_version')

  return {
    raw: db,
    prepare: (sql) => withWideNumbers(db.prepare(sql), sql),
    exec: (sql) => db.exec(sql),
    transaction(run) {
      begin.run()
      return finish(run)
    },
    snapshot(run) {
      read.run()
      return finish(run)
    },
    version: () => (dataVersion.get() as { data_version: number }).data_version,
  }

  function finish<T>(run: () => T): T {
    try {
      const result = run()
      commit.run()
      return result
    } catch (error) {
      rollback()
      throw error
    }
  }

  /** Some errors, as that of a full disk, have ended the transaction already. */
  function rollback(): void {
    try {
      db.exec('ROLLBACK')
    } catch {}
  }
}

/**
 * Reads integers beyond 2^53 as the number next to them. Nothing here writes such ones, and `node:sqlite` throws at the first, so one
 * damaged row would hide all others. A statement pays for it from the first that it meets.
 */
function withWideNumbers(statement: StatementSync, sql: string): Statement {
  const writes = /\bRETURNING\b/.test(sql)
  let wide = false
  const read = statement.all.bind(statement)
  const readOne = statement.get.bind(statement)
  return {
    all: (...values) => reading(read, values, (rows) => rows.map(narrow)),
    get: (...values) => reading(readOne, values, (row) => row && narrow(row)),
    run: statement.run.bind(statement),
  }

  function reading<T>(
    act: (...values: Value[]) => T,
    values: Value[],
    narrowed: (found: T) => T,
  ): T {
    if (!wide)
      try {
        return act(...values)
      } catch (error) {
        widen(error)
      }
    return narrowed(act(...values))
  }

  /** A statement that has written must not run again: its transaction is rolled back, and the next one reads it. */
  function widen(error: unknown): void {
    if ((error as { readonly code?: unknown } | null)?.code !== 'ERR_OUT_OF_RANGE') throw error
    wide = true
    statement.setReadBigInts(true)
    if (writes) throw error
  }
}

type Row = Record<string, SQLOutputValue>

function narrow(row: Row): Row {
  for (const [name, value] of Object.entries(row))
    if (typeof value === 'bigint') row[name] = Number(value)
  return row
}
