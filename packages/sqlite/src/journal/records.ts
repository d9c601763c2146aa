import type { ActionRow, RecordRow, RecordRows } from '@postern/core/engine'
import type { Database } from '../driver/driver.ts'
import {
  ADD_RECORD,
  DROP_RECORD,
  NOTE_RECORD,
  RECORD,
  RECORDS,
  SET_RECORD,
} from '../sql/journal.ts'

/** Makes the keyed values. Writes are inside a transaction. */
export function createRecordRows(main: Database, side: Database): RecordRows {
  const find = side.prepare(RECORD)
  const range = side.prepare(RECORDS)
  const add = main.prepare(ADD_RECORD)
  const change = main.prepare(SET_RECORD)
  const drop = main.prepare(DROP_RECORD)

  return {
    get: (key) => find.get(key) as RecordRow | undefined,
    set: (key, value, expected) =>
      (expected === 0 ? add.run(key, value) : change.run(value, key, expected)).changes === 1,
    delete: (key, expected) => drop.run(key, expected).changes === 1,
    list: (prefix) => range.all(prefix, prefix, prefix) as (RecordRow & { readonly key: string })[],
  }
}

/** Makes `Rows.note`. The statement is made with the first: most processes have none. */
export function createNote(db: Database): (rows: readonly ActionRow[]) => void {
  let write: ReturnType<Database['prepare']> | undefined
  return (rows) => {
    write ??= db.prepare(NOTE_RECORD)
    for (const { key, value } of rows) write.run(key, value)
  }
}
