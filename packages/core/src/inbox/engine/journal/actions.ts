import type { ActionRows } from '../operate/actions.ts'
import { type Access, chain } from '../steps.ts'
import type { RecordRows } from './store.ts'

/** The rows of actions: they lie among the records, under keys of their own. */
export function actionRowsOf(records: RecordRows, access: Access): ActionRows {
  return {
    get: (key) => access.read(() => chain(records.get(key), (row) => row?.value)),
    list: (prefix) => access.read(() => records.list(prefix)),
    async drop(keys) {
      for (const key of keys) {
        const row = await access.read(() => records.get(key))
        if (row) await access.write(() => records.delete(key, row.version))
      }
    },
  }
}
