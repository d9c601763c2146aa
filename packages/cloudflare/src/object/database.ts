import type { Database, Statement, Value } from '@postern/sqlite/store'
import type { ObjectStorage } from '../remote.ts'

/** What the databases of one object share: it has one connection. */
interface OneConnection {
  /** Transactions that wrote, of all of them. */
  commits: number
  /** Numbers of the processes that this start of the object has made. */
  readonly living: Set<number>
}

/** Runs at the end of each transaction, inside of it; and when one was rolled back. */
export interface TransactionEnd {
  committing(): void
  rolledBack(): void
}

const objects = new WeakMap<ObjectStorage, OneConnection>()

/** Of an object since it started: what was there before it is gone. */
export function sharedOf(storage: ObjectStorage): OneConnection {
  let shared = objects.get(storage)
  if (!shared) objects.set(storage, (shared = { commits: 0, living: new Set() }))
  return shared
}

/** The SQLite of a Durable Object, as the engine's store sees a connection. BEGIN and COMMIT are rejected there. */
export function objectDatabase(
  storage: ObjectStorage,
  shared: OneConnection,
  ending?: TransactionEnd,
): Database {
  const { sql } = storage
  let own = 0

  return {
    raw: sql,
    prepare,
    exec: (text) => void sql.exec(text).toArray(),
    transaction(run) {
      let result
      try {
        result = storage.transactionSync(() => {
          const made = run()
          ending?.committing()
          return made
        })
      } catch (error) {
        ending?.rolledBack()
        throw error
      }
      shared.commits++
      own++
      return result
    },
    // One connection, and all of it in one turn: there is one state.
    snapshot: (run) => run(),
    // PRAGMA data_version does not move on the only connection.
    version: () => shared.commits - own,
  }

  function prepare(text: string): Statement {
    const all = (...values: Value[]): readonly Row[] => {
      const rows = sql.exec(text, ...values).toArray()
      for (const row of rows)
        for (const name in row)
          if (row[name] instanceof ArrayBuffer) (row as Row)[name] = new Uint8Array(row[name])
      return rows
    }
    return {
      all,
      get: (...values) => all(...values)[0],
      run(...values) {
        all(...values)
        // Asked for by few: each is a statement.
        return {
          get changes() {
            return numberOf('SELECT changes() AS n')
          },
          get lastInsertRowid() {
            return numberOf('SELECT last_insert_rowid() AS n')
          },
        }
      },
    }
  }

  function numberOf(query: string): number {
    return sql.exec(query).toArray()[0]!['n'] as number
  }
}

type Row = Record<string, unknown>
