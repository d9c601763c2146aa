import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite'
import type { Database, Statement, Value } from './driver.ts'

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

  /** Rolls back. Errors are ignored, since some errors, such as a full disk, have already ended the transaction. */
  function rollback(): void {
    try {
      db.exec('ROLLBACK')
    } catch {}
  }
}

/**
 * Wraps a statement so that an integer above 2^53 is read as the nearest number. This package writes no such integers.
 * But `node:sqlite` throws for them, so one damaged row would hide all others. A statement becomes slower only after
 * its first such integer.
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

  /**
   * Makes the statement read integers as bigints. A statement that writes must not run again, so the error is thrown
   * and rolls its transaction back. The next transaction can then read the row.
   */
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
