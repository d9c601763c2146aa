import { DatabaseSync } from 'node:sqlite'
import type { Scan } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { nodeDatabase } from '../src/driver/node-database.ts'
import { createKeys } from '../src/keys/keys.ts'
import { createLists, runOn } from '../src/operate/lists.ts'
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
const database = nodeDatabase(db)
migrateFile(database, { isHeld: () => false }, layoutOf(':memory:'))
db.exec(
  "INSERT INTO postern_events (id, receiver, key, received, taken, topic, record, contents) VALUES (1, 1, 'k', 1, 1, 't', '{}', 1); INSERT INTO postern_receivers VALUES (1, 'shop')",
)

/** Returns how SQLite reads the tables of a query. */
function plan(sql: string): string {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => String(row['detail']))
    .join('\n')
}

const LIST: Scan = {
  oldest: false,
  of: 'tasks',
  filter: {},
  receiver: 'shop',
  lanes: [1],
  topic: undefined,
  after: [0, 1],
  width: 256,
  limit: 100,
  full: false,
  fits: () => true,
  passing: false,
}
const OPEN = ['ready', 'gated', 'behind'].map((name) => `postern_tasks_${name} (lane=?`)

test.each<[string, Partial<Scan>, string[]]>([
  [
    'tasks of the newest events',
    { filter: { state: 'done', provider: 'acme' }, after: [9, 1] },
    ['SEARCH t USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
  ],
  ['dead tasks', { filter: { state: 'dead' } }, ['postern_tasks_dead (lane=? AND rowid<?)']],
  [
    'tasks of a cause',
    { filter: { cause: 'c' }, lanes: undefined },
    ['postern_tasks_causes (cause=? AND lane=? AND id<?)'],
  ],
  ['pending tasks', { filter: { state: 'pending' } }, OPEN],
  ['running tasks', { filter: { state: 'running' } }, ['postern_tasks_leases']],
  [
    'events to erase',
    { of: 'events', passing: true, after: [9, 0] },
    ['postern_events_passing (receiver=? AND id<?)'],
  ],
])('a page of %s reads what its index finds, and no table whole', async (_, want, indexes) => {
  const plans: string[] = []
  const run = runOn({
    ...database,
    prepare(sql) {
      plans.push(plan(sql))
      return database.prepare(sql)
    },
  })
  await createLists(database, createKeys(database)).scan(run, { ...LIST, ...want })
  for (const index of indexes) expect(plans.join()).toContain(index)
  expect(plans.join()).not.toMatch(/SCAN (?:postern|[rdax]\b)|AUTOMATIC/)
})

test.each([
  ['ready tasks', CLAIM_READY, 'postern_tasks_ready (lane=? AND turn=? AND due<?)'],
  ['tasks in turns', CLAIM_TURNS, 'postern_tasks_ready (lane=? AND turn>?)'],
  ['interrupted tasks', CLAIM_GATED, 'postern_tasks_gated (lane=? AND gate=? AND due<?)'],
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
