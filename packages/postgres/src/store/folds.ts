import { storable, type FoldRow, type Rows, type TaskRow } from '@postern/core/engine'
import { FOLDABLE, ints, NEWEST, REMEMBER, texts } from '../sql/lines.ts'
import type { Sql } from './pg.ts'

/** Makes what folding reads and writes. */
export function createFolds(sql: Sql): Pick<Rows, 'foldable' | 'remember' | 'newest'> {
  return {
    foldable: (lines) => sql<FoldRow>(FOLDABLE, [ints(lines)]),
    async remember(newest) {
      await sql(REMEMBER, [
        ints(newest.map(({ root }) => root)),
        texts(newest.map(({ key }) => key)),
        ints(newest.map(({ task }) => task)),
        texts(newest.map(({ highest }) => highest && storable(highest))),
      ])
    },
    async newest(ids) {
      const rows = await sql<TaskRow & { of: number; newest: number }>(NEWEST, [ints(ids)])
      return new Map(
        rows.map(({ of, newest, ...row }) => [
          of,
          { id: newest, row: row.id === null ? undefined : row },
        ]),
      )
    },
  }
}
