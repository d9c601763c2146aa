import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { nodeDatabase } from '../src/driver/node-database.ts'
import { conditionsOf, FROM } from '../src/filter.ts'
import { INFO } from '../src/info.ts'
import { migrate } from '../src/schema.ts'

const db = new DatabaseSync(':memory:')
migrate({ main: nodeDatabase(db), name: ':memory:' })

/** How SQLite reads the tables of a query. */
function plan(sql: string): string {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => String(row['detail']))
    .join('\n')
}

test.each([
  ['a range of events', 't.event > ? AND t.event <= ?'],
  ['events', 't.event IN (SELECT value FROM json_each(?))'],
])('a page of %s reads the tasks in the order of the list, and no table whole', (_, candidates) => {
  const { sql } = conditionsOf({ topic: 'orders.*', state: 'done', text: 'x' })
  const found = plan(
    `SELECT ${INFO} FROM ${FROM} WHERE ${candidates} AND (t.event < ? OR (t.event = ? AND t.id < ?)) AND ${sql}
     ORDER BY t.event DESC, t.id DESC LIMIT ?`,
  )
  expect(found).toMatch(/^SEARCH t USING INDEX sqlite_autoindex_postern_tasks_1 \(event/)
  expect(found).not.toMatch(/SCAN [telrda]\b/)
  expect(found).not.toMatch(/TEMP B-TREE FOR ORDER BY/)
})

test.each([
  [
    'ready tasks',
    'SELECT id FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn = 0 AND due <= ? ORDER BY due, id LIMIT ?',
    'postern_tasks_ready (lane=? AND turn=? AND due<?)',
  ],
  [
    'tasks in turns',
    'SELECT id FROM postern_tasks WHERE lane = ? AND state = 0 AND gate = 0 AND turn > 0 ORDER BY turn, due, id LIMIT ?',
    'postern_tasks_ready (lane=? AND turn>?)',
  ],
  [
    'dead tasks, newest first',
    'SELECT id FROM postern_tasks WHERE lane = ? AND state = 3 AND event <= ? ORDER BY event DESC, id DESC LIMIT ?',
    'postern_tasks_dead (lane=? AND event<?)',
  ],
  [
    'tasks of a cause, newest first',
    'SELECT event, id FROM postern_tasks WHERE cause = ? AND lane = ? AND event <= ? ORDER BY event DESC LIMIT ?',
    'postern_tasks_causes (cause=? AND lane=? AND event<?)',
  ],
  [
    'leases',
    'SELECT id FROM postern_tasks WHERE state = 1 AND due <= ? ORDER BY due LIMIT 256',
    'postern_tasks_leases (due<?)',
  ],
  [
    'both rings of deliveries',
    'SELECT id FROM postern_arrivals WHERE id < ? UNION ALL SELECT id FROM postern_strangers WHERE id < ? ORDER BY id DESC LIMIT 256',
    'MERGE (UNION ALL)',
  ],
])('%s are one range of an index, in order', (_, sql, index) => {
  const found = plan(sql)
  expect(found).toContain(index)
  expect(found).not.toMatch(/SCAN|TEMP B-TREE/)
})
