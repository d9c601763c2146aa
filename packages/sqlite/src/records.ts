import type { Json } from '@postern/core'
import type { Records } from '@postern/core/inbox'
import { reading, type Store } from './store.ts'
import { written } from './written.ts'

/** Keyed values in the file. */
export function createRecords(store: Store): Records {
  const { main, side } = store.driver
  const find = side.prepare('SELECT value, version FROM postern_records WHERE key = ?')
  // Node 22.13 cannot bind numbered parameters, so one is given as often as it is named.
  const range = side.prepare(
    'SELECT key, value, version FROM postern_records WHERE key >= ? AND substr(key, 1, length(?)) = ? ORDER BY key',
  )
  const add = main.prepare(
    'INSERT INTO postern_records (key, value, version) VALUES (?, ?, 1) ON CONFLICT DO NOTHING',
  )
  const change = main.prepare(
    'UPDATE postern_records SET value = ?, version = version + 1 WHERE key = ? AND version = ?',
  )
  const drop = main.prepare('DELETE FROM postern_records WHERE key = ? AND version = ?')

  return {
    get(key) {
      const row = reading(store, () => find.get(key)) as Row | undefined
      return row && { value: JSON.parse(row.value) as Json, version: row.version }
    },
    set(key, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined)
        throw new TypeError(`records: the value of ${key} must be a JSON value`)
      return written(
        store,
        () => (expected === 0 ? add.run(key, text) : change.run(text, key, expected)).changes === 1,
      )
    },
    delete: (key, expected) => written(store, () => drop.run(key, expected).changes === 1),
    list(prefix) {
      const rows = reading(store, () => range.all(prefix, prefix, prefix)) as unknown as (Row & {
        readonly key: string
      })[]
      return rows.map(({ key, value, version }) => ({
        key,
        value: JSON.parse(value) as Json,
        version,
      }))
    },
  }
}

interface Row {
  readonly value: string
  readonly version: number
}
