import {
  foldKey,
  grouped,
  type FoldRow,
  type Newest,
  type Rows,
  type TaskRow,
} from '@postern/core/engine'
import { EVENT, hexes, list, NOW, TASK } from '../sql/lines.ts'
import type { Sql, Value } from './connection.ts'
import { insertRows } from './insert.ts'

const LATEST = {
  head: 'INSERT INTO $.postern_latest (root, `key`, task, highest, at)',
  row: `?,?,?,?,${NOW}`,
  tail: 'ON DUPLICATE KEY UPDATE task = VALUES(task), highest = VALUES(highest), at = VALUES(at)',
}

/** Makes what folding reads and writes. */
export function createFolds(sql: Sql): Pick<Rows, 'foldable' | 'remember' | 'newest'> {
  return {
    async foldable(lines) {
      const rows = await sql.rows<Omit<FoldRow, 'newest' | 'highest'>>(
        `SELECT ${TASK}, t.root, t.seq, 0 AS held, ${NOW} AS now, IF(e.contents = 1, e.\`key\`, NULL) AS passing
         FROM $.postern_tasks t FORCE INDEX (ordered) LEFT JOIN $.postern_events e ON ${EVENT}
         WHERE t.open_line IN (${list(lines)}) AND t.state = 0 AND t.fold IS NOT NULL ORDER BY t.seq`,
      )
      const known = await latest(rows.map(({ root, fold }) => ({ root, key: foldKey(fold!) })))
      return rows.map((row) => {
        const found = known.get(placeOf(row.root, foldKey(row.fold!)))
        return { ...row, newest: found?.task ?? null, highest: found?.highest ?? null }
      })
    },
    async remember(newest) {
      const rows = newest.map(({ root, key, task, highest }): Value[] => [
        root,
        Buffer.from(key, 'hex'),
        task,
        highest,
      ])
      await insertRows(sql, LATEST, rows)
    },
    async newest(ids) {
      // Their roots are as they were when they settled: that of the lane counts.
      const tasks = await sql.rows<Pick<TaskRow, 'id' | 'fold'> & { root: number }>(
        `SELECT t.id, t.fold, l.root FROM $.postern_tasks t JOIN $.postern_lanes l ON l.id = t.lane
         WHERE t.id IN (${list(ids)}) AND t.fold IS NOT NULL`,
      )
      const known = await latest(tasks.map(({ root, fold }) => ({ root, key: foldKey(fold!) })))
      const found = tasks.flatMap(({ id, root, fold }) => {
        const one = known.get(placeOf(root, foldKey(fold!)))
        return one ? { id, task: one.task } : []
      })
      const rows = await sql.rows<TaskRow>(
        `SELECT ${TASK} FROM $.postern_tasks t JOIN $.postern_events e ON ${EVENT}
         WHERE t.id IN (${list(found.map(({ task }) => task))}) AND (e.contents IS NULL OR e.contents <> 2)`,
      )
      const whole = new Map(rows.map((row) => [row.id, row]))
      return new Map(found.map(({ id, task }) => [id, { id: task, row: whole.get(task) }]))
    },
  }

  async function latest(
    keys: readonly Pick<Newest, 'root' | 'key'>[],
  ): Promise<ReadonlyMap<string, Omit<Newest, 'key'>>> {
    if (keys.length === 0) return new Map()
    const places = [...grouped(keys, ({ root }) => root)].map(
      ([root, its]) => `(root = ${root} AND \`key\` IN (${hexes(its.map(({ key }) => key))}))`,
    )
    const rows = await sql.rows<Omit<Newest, 'key'> & { readonly hash: string }>(
      `SELECT root, \`key\` AS hash, task, highest FROM $.postern_latest FORCE INDEX (PRIMARY) WHERE ${places.join(' OR ')}`,
    )
    return new Map(
      // A text that is a number is read as one.
      rows.map(({ hash, highest, ...row }) => [
        placeOf(row.root, hash),
        { ...row, highest: highest === null ? null : String(highest) },
      ]),
    )
  }
}

function placeOf(root: number, key: string): string {
  return `${root} ${key}`
}
