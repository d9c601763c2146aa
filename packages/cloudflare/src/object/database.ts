import type { Database, Statement, Value } from '@postern/sqlite/store'
import type { ObjectStorage } from '../remote.ts'

/** State that all databases of one object share, since the object has only one connection. */
interface OneConnection {
  /** Number of transactions that have written, in all databases. */
  commits: number
  /** Ids of the processes that joined since the object started. */
  readonly living: Set<number>
}

/** Functions that are called in each transaction before its end, and after a rollback. */
export interface TransactionEnd {
  committing(): void
  rolledBack(): void
}

const objects = new WeakMap<ObjectStorage, OneConnection>()

/** Returns the state that all databases of the object share. The state is new whenever the object starts. */
export function sharedOf(storage: ObjectStorage): OneConnection {
  let shared = objects.get(storage)
  if (!shared) objects.set(storage, (shared = { commits: 0, living: new Set() }))
  return shared
}

/** Adapts the SQLite of a Durable Object, where BEGIN and COMMIT are not allowed, to the store's `Database`. */
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
    // All reads run synchronously on one connection, so they all see the same state.
    snapshot: (run) => run(),
    // PRAGMA data_version does not change, since there is only one connection.
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
        // The values are read only when needed, since each value costs a statement.
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
