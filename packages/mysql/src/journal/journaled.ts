import { createTableJournal, type Journaled } from '@postern/core/engine'
import type { Settings } from '../settings.ts'
import { tableSql } from '../sql/table-sql.ts'
import type { Database, Value } from '../store/connection.ts'
import { insertRows } from '../store/insert.ts'

const ARRIVALS = {
  head: 'INSERT INTO $.postern_arrivals (id, strangers, at, size, data, source, head, body)',
  row: '?,?,?,?,?,?,?,?',
  tail: 'ON DUPLICATE KEY UPDATE id = id',
}
// Error number of the server for a duplicate key.
const DUPLICATE = 1062

export function createJournaled(db: Database, { deadline }: Settings): Journaled {
  return createTableJournal(tableSql(db), {
    inbox: 'mysqlInbox',
    seriesHash: 'hash',
    atomic: (run) => db.atomic(deadline, (sql) => run(tableSql(sql))),
    async addRecord(key, value) {
      const add = 'INSERT INTO $.postern_records (`key`, value, version) VALUES (?, ?, 1)'
      try {
        await db.run(add, [key, value])
        return true
      } catch (error) {
        if ((error as { readonly errno?: unknown }).errno === DUPLICATE) return false
        throw error
      }
    },
    arrive: (rows, lost) =>
      db.atomic(deadline, async (sql) => {
        const all = rows
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .map(({ id, ring, at, data, kept }): Value[] => [
            id,
            ring === 'strangers' ? 1 : 0,
            Math.floor(at),
            data.length + (kept ? kept.head.length + kept.body.length : 0) + 200,
            data,
            ...(kept ? [kept.source, kept.head, kept.body] : [null, null, null]),
          ])
        await insertRows(sql, ARRIVALS, all)
        if (lost > 0)
          await sql.run(`UPDATE $.postern_schema SET lost = lost + ${lost} WHERE id = 1`)
      }),
  })
}
