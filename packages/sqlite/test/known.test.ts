import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createKeys, type Keys, createKeyIndex } from '../src/keys/keys.ts'
import { nodeDatabase } from '../src/driver/node-database.ts'
import { layoutOf, migrateFile } from '../src/store/schema.ts'
import { temporaryFile, type TemporaryFile } from './file.ts'

// With this small limit, some hundred keys go through every stage: in memory, being indexed, and indexed.
const MOST = 64

let file: TemporaryFile
let opened: DatabaseSync[]
beforeEach(() => {
  file = temporaryFile()
  opened = []
})
afterEach(() => {
  for (const db of opened) db.close()
  file.remove()
})

/** Opens the file as a process does. */
function open(): { db: DatabaseSync; keys: Keys; take: (ids: readonly string[]) => number[] } {
  const db = new DatabaseSync(file.path)
  opened.push(db)
  db.exec('PRAGMA journal_mode = WAL')
  const main = nodeDatabase(db)
  migrateFile(main, { isHeld: () => false }, layoutOf(file.path))
  const keys = createKeys(main, MOST)
  return { db, keys, take: (ids) => transaction(db, keys, ids) }
}

/** Stores events. Returns the number of each event that was known, and 0 for the others. */
function transaction(db: DatabaseSync, keys: Keys, ids: readonly string[], commit = true) {
  const add = db.prepare(
    "INSERT INTO postern_events (id, receiver, key, received, taken, topic, record) VALUES (?, 1, ?, 0, 0, 't', '{}')",
  )
  db.exec('BEGIN IMMEDIATE')
  const known = ids.map((id) => {
    const hash = keys.hash(1, id)
    const event = keys.find(hash, 1, id)
    if (event === undefined) add.run(keys.add(hash), id)
    return event ?? 0
  })
  keys.store()
  db.exec(commit ? 'COMMIT' : 'ROLLBACK')
  if (commit) keys.stored()
  else keys.forget()
  return known
}

const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, at) => `id-${(from + at) * 7919}`)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at)

test('a key is known at each moment of its way into the index', () => {
  const { db, take } = open()
  for (let at = 0; at < 600; at += 5) {
    expect(take(ids(at, at + 5))).toEqual([0, 0, 0, 0, 0])
    if (at % 50 === 0) expect(take(ids(0, at + 5))).toEqual(range(1, at + 6))
  }
  const { indexed } = db.prepare('SELECT indexed FROM postern_numbers').get() as { indexed: number }
  expect(indexed).toBeGreaterThan(400)
  expect(indexed).toBeLessThan(600)
})

test('a process that starts, and one that runs beside, knows what the others took', () => {
  const [one, two] = [open(), open()]
  for (let at = 0; at < 600; at += 10) {
    expect(one.take(ids(at, at + 5))).toEqual([0, 0, 0, 0, 0])
    expect(two.take(ids(at, at + 10))).toEqual([...range(at + 1, at + 6), 0, 0, 0, 0, 0])
    if (at % 100 === 0)
      for (const each of [one, two, open()]) expect(each.take(ids(0, at))).toEqual(range(1, at + 1))
  }
})

test('what is rolled back was never known, and its numbers are given again', () => {
  const { db, keys, take } = open()
  for (let at = 0; at < 300; at += 10) {
    transaction(db, keys, ids(at, at + 40), false)
    expect(take(ids(at, at + 10))).toEqual(Array(10).fill(0))
    expect(open().take(ids(0, at + 10))).toEqual(range(1, at + 11))
  }
  expect(take(ids(0, 300))).toEqual(range(1, 301))
  expect(open().take(ids(0, 300))).toEqual(range(1, 301))
})

test('keys are those of one receiver', () => {
  const { db, keys, take } = open()
  take(ids(0, 300))
  db.exec('BEGIN')
  for (const id of [...ids(0, 1), ...ids(299, 300)]) {
    // The receiver differs, so the key is not found, although the hash is the same.
    expect(keys.find(keys.hash(1, id), 2, id)).toBeUndefined()
    expect(keys.find(keys.hash(1, id), 1, id)).toBeDefined()
  }
  db.exec('COMMIT')
  keys.stored()
})

test('what was forgotten is new again, under a number nobody has had, and its entries are swept away', () => {
  const [one, two] = [open(), open()]
  for (let at = 0; at < 400; at += 10) one.take(ids(at, at + 10))
  two.db.exec('UPDATE postern_numbers SET next = 401; DELETE FROM postern_events')
  expect(one.take(ids(0, 400))).toEqual(Array(400).fill(0))
  expect(one.take(ids(0, 400))).toEqual(range(401, 801))
  two.db.exec('DELETE FROM postern_events')
  const index = createKeyIndex(nodeDatabase(two.db))
  for (let at = 0; at < 20; at++) index.sweep(64)
  expect(two.db.prepare('SELECT count(*) AS left FROM postern_keys').get()).toEqual({ left: 0 })
})

test('a process that read the whole index knows what others added to it, seen and unseen', () => {
  const [one, two] = [open(), open()]
  for (let at = 0; at < 300; at += 10) one.take(ids(at, at + 10))
  // `two` reads the index.
  for (let at = 300; at < 400; at += 10) two.take(ids(at, at + 10))
  // `two` does not see these keys before `one` indexes them.
  for (let at = 400; at < 800; at += 10) one.take(ids(at, at + 10))
  expect(two.take(ids(0, 800))).toEqual(range(1, 801))
  for (let at = 800; at < 900; at += 10) two.take(ids(at, at + 10))
  // `two` has each of these keys in memory before `one` indexes it.
  for (let at = 900; at < 1400; at += 10) {
    one.take(ids(at, at + 10))
    two.take(ids(at, at + 1))
  }
  expect(two.take(ids(0, 1400))).toEqual(range(1, 1401))
})
