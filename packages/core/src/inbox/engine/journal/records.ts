import type { Json } from '../../../delivery.ts'
import type { Records } from '../../records.ts'
import type { Access } from '../access.ts'
import { chain } from '../steps.ts'
import type { RecordRow, RecordRows } from './store.ts'

/** Keyed values above a store. */
export function createRecords(rows: RecordRows, access: Access): Records {
  return {
    get: (key) => access.read(() => chain(rows.get(key), (row) => row && valueOf(row))),
    set(key, value, expected) {
      const text = JSON.stringify(value)
      if (text === undefined)
        throw new TypeError(`records: the value of ${key} must be a JSON value`)
      return access.write(() => rows.set(key, text, expected))
    },
    delete: (key, expected) => access.write(() => rows.delete(key, expected)),
    list: (prefix) =>
      access.read(() =>
        chain(rows.list(prefix), (all) => all.map((row) => ({ key: row.key, ...valueOf(row) }))),
      ),
  }
}

function valueOf({ value, version }: RecordRow): {
  readonly value: Json
  readonly version: number
} {
  return { value: JSON.parse(value) as Json, version }
}
