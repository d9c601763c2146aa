import type { Json } from '../../../delivery.ts'
import type { UnreadTeller } from './unread.ts'
import type { Records } from '../../records.ts'
import type { Access } from '../access.ts'
import type { RecordRow, RecordRows } from './store.ts'

/** Keyed values above a store. One that cannot be read is told, and counts as absent, for writes too. */
export function createRecords(rows: RecordRows, access: Access, unread: UnreadTeller): Records {
  return {
    async get(key) {
      const row = await access.read(() => rows.get(key))
      return row && valueOf(key, row)
    },
    async set(key, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined)
        throw new TypeError(`records: the value of ${key} must be a JSON value`)
      if (await access.write(() => rows.set(key, text, expected))) return true
      if (expected !== 0) return false
      const row = await access.read(() => rows.get(key))
      if (!row || valueOf(key, row)) return false
      return access.write(() => rows.set(key, text, row.version))
    },
    delete: (key, expected) => access.write(() => rows.delete(key, expected)),
    async list(prefix) {
      const all = await access.read(() => rows.list(prefix))
      return all.flatMap((row) => {
        const found = valueOf(row.key, row)
        return found ? { key: row.key, ...found } : []
      })
    },
  }

  function valueOf(
    key: string,
    { value, version }: RecordRow,
  ): { readonly value: Json; readonly version: number } | undefined {
    const found = unread.record(key, value)
    return found && { ...found, version }
  }
}
