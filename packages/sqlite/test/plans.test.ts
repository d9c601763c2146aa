import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { nodeDatabase } from '../src/driver/node-database.ts'
import { conditionsOf, FROM, INFO } from '../src/operate/filter.ts'
import {
  FRONT,
  STUCK,
  CLAIM_GATED,
  CLAIM_READY,
  CLAIM_TURNS,
  DUE,
  NEXT_DUE,
  CLAIMS,
  NEXT_TOKEN,
} from '../src/sql/tasks.ts'
import { layoutOf, migrateFile } from '../src/store/schema.ts'

const db = new DatabaseSync(':memory:')
migrateFile(nodeDatabase(db), { isHeld: () => false }, layoutOf(':memory:'))

/** How SQLite reads the tables of a query. */
function plan(sql: string): string {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => String(row['detail']))
    .join('\n')
}

test.each([
  ['a range of events', '', 't.id >= ? AND t.id < ?'],
  [
    'events',
    'json_each(?) j CROSS JOIN',
    't.id >= j.value * 65536 AND t.id < (j.value + 1) * 65536',
  ],
])('a page of %s reads the tasks by their ids, and no table whole', (_, first, candidates) => {
  const { sql } = conditionsOf({
    oldest: false,
    of: 'tasks',
    filter: { state: 'done', provider: 'github' },
    receiver: 'shop',
    lanes: [1],
    topic: { exact: undefined, prefix: 'orders.', source: '^orders\\..+$' },
    after: undefined,
    width: 256,
    limit: 100,
    full: false,
    fits: () => true,
    passing: false,
  })
  const found = plan(
    `SELECT ${INFO} FROM ${first} ${FROM} WHERE ${candidates} AND t.id < ? AND ${sql} ORDER BY t.id DESC LIMIT ?`,
  )
  expect(found).toContain('SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)')
  expect(found).not.toMatch(/SCAN [telrda]\b/)
  if (first === '') expect(found).not.toMatch(/TEMP B-TREE FOR ORDER BY/)
})

test.each([
  ['ready tasks', CLAIM_READY, 'postern_tasks_ready (lane=? AND turn=? AND due<?)'],
  ['tasks in turns', CLAIM_TURNS, 'postern_tasks_ready (lane=? AND turn>?)'],
  ['interrupted tasks', CLAIM_GATED, 'postern_tasks_gated (lane=? AND gate=? AND due<?)'],
  [
    'dead tasks, newest first',
    'SELECT id FROM postern_tasks WHERE lane = ? AND state = 3 AND id < ? ORDER BY id DESC LIMIT ?',
    'postern_tasks_dead (lane=? AND rowid<?)',
  ],
  [
    'tasks of a cause, newest first',
    'SELECT id FROM postern_tasks WHERE cause = ? AND lane = ? AND id < ? ORDER BY id DESC LIMIT ?',
    'postern_tasks_causes (cause=? AND lane=? AND id<?)',
  ],
  ['claims of a process', CLAIMS, 'postern_tasks_leases (token>? AND token<?)'],
  ['the next process', NEXT_TOKEN, 'postern_tasks_leases (token>?)'],
  ['the front of a line', FRONT, 'postern_tasks_lines (line=? AND root=? AND behind=?)'],
  ['how many are due', DUE, 'postern_tasks_ready (lane=?'],
  ['when the next is due', NEXT_DUE, 'postern_tasks_gated (lane=?'],
  [
    'both rings of deliveries',
    'SELECT id FROM postern_arrivals WHERE ring = 0 AND id < ? UNION ALL SELECT id FROM postern_arrivals WHERE ring = 1 AND id < ? ORDER BY id DESC LIMIT 256',
    'MERGE (UNION ALL)',
  ],
])('%s are one range of an index, in order', (_, sql, index) => {
  const found = plan(sql)
  expect(found).toContain(index)
  expect(found).not.toMatch(/SCAN postern|SCAN [ted]\b|TEMP B-TREE/)
})

test('lines that must be worked out again are found by their index', () => {
  expect(plan(STUCK)).toContain('USING INDEX postern_tasks_lines')
})
