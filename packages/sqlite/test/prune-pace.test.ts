import { DatabaseSync } from 'node:sqlite'
import type { Place } from '@postern/core/engine'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeDatabase } from '../src/driver/node-database.ts'
import { createPrune } from '../src/operate/prune.ts'
import { layoutOf, migrateFile } from '../src/store/schema.ts'
import { temporaryFile, type TemporaryFile } from './file.ts'

let file: TemporaryFile
let db: DatabaseSync
let prune: (place?: Place) => Place | undefined

beforeEach(() => {
  file = temporaryFile()
  db = new DatabaseSync(file.path)
  const main = nodeDatabase(db)
  migrateFile(main, { isHeld: () => false }, layoutOf(file.path))
  const made = createPrune(main, {
    tally: { move() {}, openedOf: () => 0, store() {}, stored() {}, forget() {} },
    attempts: { add() {}, drop() {} },
    claims: { any: () => false, spread() {}, odd: () => [], find: () => true },
    keys: { hash: () => 0, find: () => undefined },
  })
  const before = { done: 1000, dead: 1000, known: 1000, guards: 1000 }
  prune = (place) => made.step(before, place)
})
afterEach(() => {
  db.close()
  file.remove()
})

/** Adds done events of the time `at`. */
function add(from: number, count: number, at: number): void {
  db.prepare(
    `WITH RECURSIVE n(id) AS (SELECT ? UNION ALL SELECT id + 1 FROM n LIMIT ?)
     INSERT INTO postern_events (id, receiver, key, received, taken, topic, record) SELECT id, 1, id, 0, ?, 't', '{}' FROM n`,
  ).run(from, count, at)
  db.prepare(
    'INSERT INTO postern_tasks (id, lane, state, due) SELECT id << 16, 1, 2, ? FROM postern_events WHERE id >= ?',
  ).run(at, from)
}

const tasks = (): number =>
  (db.prepare('SELECT count(*) AS n FROM postern_tasks').get() as { n: number }).n

test('a round looks at few rows if none is old, and goes on in steps', () => {
  add(1, 5000, 1)
  let place = prune()
  expect(tasks()).toBe(4996)
  place = prune(place)
  expect(tasks()).toBe(4796)
})

test('while events come faster than steps forget them, a step forgets more than came', () => {
  add(1, 5000, 1)
  let place = prune()
  for (let from = 5001; from < 6501; from += 500) {
    const before = tasks()
    add(from, 500, 5000)
    place = prune(place)
    // Pruning is faster than adding: for 500 new events, it deletes more than 1,000.
    expect(before + 500 - tasks()).toBeGreaterThan(2 * 500)
  }
})
