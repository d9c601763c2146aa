import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite'
import type { Inbox } from '@postern/core/inbox'
import { afterEach, expect, test } from 'vitest'
import { intake, item } from '../../testing/src/inbox/make.ts'
import {
  createTaskRecorder,
  DEAD_OUTCOME,
  DONE_OUTCOME,
  lane,
  type TaskRecorder,
} from '../../testing/src/inbox/recorder.ts'
import { inTransaction } from '../src/index.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()
const connections: DatabaseSync[] = []
afterEach(() => {
  for (const db of connections.splice(0)) if (db.isOpen) db.close()
})

/** Opens the application's own connection to the file, and creates its table. */
function application(path?: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  const db = new DatabaseSync(path ?? scene.file.path, options)
  connections.push(db)
  db.exec('CREATE TABLE IF NOT EXISTS charges (id TEXT)')
  return db
}

function begun(db: DatabaseSync): DatabaseSync {
  db.exec('BEGIN IMMEDIATE')
  return db
}

type Shop = TaskRecorder & { readonly port: ReturnType<Inbox['attach']> }

async function charge(shop: Shop, db: DatabaseSync, id: string, ending = 'COMMIT') {
  begun(db).prepare('INSERT INTO charges VALUES (?)').run(id)
  const taken = await shop.port.accept(intake(item(id)), inTransaction(db))
  db.exec(ending)
  return taken
}

function charges(): unknown[] {
  return scene.rows('SELECT id FROM charges').map(({ id }) => id)
}

test('a commit stores the event with what the application wrote, and it is delivered', async () => {
  const shop = scene.join(scene.open())
  const db = application()
  expect(await charge(shop, db, '1')).toEqual(['new'])
  await shop.untilSettled(1)
  expect([shop.ran(), charges()]).toEqual([['a:1'], ['1']])
})

test('a rollback leaves nothing, and what comes after it is new', async () => {
  const inbox = scene.open()
  const shop = scene.join(inbox)
  const db = application()
  expect(await charge(shop, db, '1', 'ROLLBACK')).toEqual(['new'])
  expect((await inbox.view!.list()).rows).toEqual([])
  expect(await charge(shop, db, '2')).toEqual(['new'])
  expect(await shop.port.accept(intake(item('1')), {})).toEqual(['new'])
  expect(await charge(shop, db, '3')).toEqual(['new'])
  await shop.untilSettled(3)
  expect([...shop.ran()].sort()).toEqual(['a:1', 'a:2', 'a:3'])
  expect(charges()).toEqual(['2', '3'])
  const tables = ['postern_events', 'postern_tasks', 'postern_deliveries', 'postern_lanes']
  expect(scene.edit((each) => tables.map((name) => count(each, name)))).toEqual([3, 3, 0, 1])
})

test('an event is known whichever way it came first', async () => {
  const shop = scene.join(scene.open())
  const db = application()
  await shop.port.accept(intake(item('1')), {})
  expect(await charge(shop, db, '1')).toEqual(['duplicate'])
  await charge(shop, db, '2')
  expect(await shop.port.accept(intake(item('2')), {})).toEqual(['duplicate'])
  db.exec('BEGIN IMMEDIATE')
  const host = inTransaction(db)
  const taken = [
    await shop.port.accept(intake(item('3'), item('4')), host),
    await shop.port.accept(intake(item('4'), item('5')), host),
  ]
  db.exec('COMMIT')
  expect(taken).toEqual([
    ['new', 'new'],
    ['duplicate', 'new'],
  ])
  await shop.untilSettled(5)
  expect([...shop.ran()].sort()).toEqual(['a:1', 'a:2', 'a:3', 'a:4', 'a:5'])
})

test('a dead task is revived with the transaction, or stays dead', async () => {
  const inbox = scene.open()
  const shop = scene.join(inbox, { run: () => outcomes.shift()! })
  const outcomes = [DEAD_OUTCOME, DONE_OUTCOME]
  const db = application()
  await charge(shop, db, '1')
  await shop.untilSettled(1)
  expect(await charge(shop, db, '1', 'ROLLBACK')).toEqual(['revived'])
  expect(await inbox.view!.stats()).toMatchObject([{ counts: { dead: 1, pending: 0 } }])
  expect(await charge(shop, db, '1')).toEqual(['revived'])
  await shop.untilSettled(2)
  expect(await inbox.view!.stats()).toMatchObject([{ counts: { dead: 0, done: 1 } }])
})

test('tasks of one order key go one after another, however they were stored', async () => {
  const ended: string[] = []
  const shop = scene.join(scene.open(), {
    lanes: [lane('a', { ordered: true })],
    run: async ({ event }) => {
      await new Promise((resolve) => setImmediate(resolve))
      ended.push(event.id!)
      return DONE_OUTCOME
    },
  })
  const db = application()
  const ordered = (id: string) => intake(item(id, [{ subscription: 'a', orderKey: 'k' }]))
  await shop.port.accept(ordered('1'), {})
  db.exec('BEGIN IMMEDIATE')
  await shop.port.accept(ordered('2'), inTransaction(db))
  await shop.port.accept(ordered('3'), inTransaction(db))
  db.exec('COMMIT')
  await shop.port.accept(ordered('4'), {})
  await shop.untilSettled(4)
  expect(ended).toEqual(['1', '2', '3', '4'])
})

test('deliveries that come while the transaction is open wait for its end and lose nothing', async () => {
  const shop = scene.join(scene.open())
  const db = begun(application())
  await shop.port.accept(intake(item('1')), inTransaction(db))
  const others = ['2', '3', '1'].map(async (id) => shop.port.accept(intake(item(id)), {}))
  // In these turns of the event loop, the inbox cannot write, because the application's transaction is open.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  db.exec('COMMIT')
  expect(await Promise.all(others)).toEqual([['new'], ['new'], ['duplicate']])
  await shop.untilSettled(3)
})

test('another process runs what was committed, though none of its own wrote it', async () => {
  const web = scene.open().attach(createTaskRecorder({}).consumer)
  const worker = scene.join(scene.open())
  const db = begun(application())
  await web.accept(intake(item('1')), inTransaction(db))
  db.exec('COMMIT')
  await worker.untilSettled(1)
  expect(worker.ran()).toEqual(['a:1'])
})

test.each<[string, () => DatabaseSync, string]>([
  ['no open transaction', () => application(), 'no transaction open'],
  [
    'a connection to another file',
    () => begun(application(`${scene.file.path}.other`)),
    'inbox.db.other, but the inbox is in',
  ],
  ['a connection to no file', () => begun(application(':memory:')), 'to no file'],
  [
    'a connection that gives bigints',
    () => application(undefined, { readBigInts: true }),
    'readBigInts',
  ],
  [
    'a connection that was closed',
    () => {
      const db = application()
      db.close()
      return db
    },
    'not open',
  ],
])('%s is rejected with the reason', async (_, make, reason) => {
  const shop = scene.join(scene.open())
  const host = inTransaction(make())
  expect(() => shop.port.accept(intake(item('1')), host)).toThrow(reason)
  expect(await shop.port.accept(intake(item('1')), {})).toEqual(['new'])
  await shop.untilSettled(1)
})

test('an inbox that is full rejects, and the transaction goes on without', async () => {
  const inbox = scene.open({ maxPending: 1 })
  const web = inbox.attach(createTaskRecorder({}).consumer)
  const db = begun(application())
  db.prepare('INSERT INTO charges VALUES (?)').run('1')
  const host = inTransaction(db)
  expect(await web.accept(intake(item('1')), host)).toEqual(['new'])
  await expect(async () => web.accept(intake(item('2')), host)).rejects.toMatchObject({
    code: 'inbox_full',
    problem: 'full',
    option: 'maxPending',
    limit: 1,
  })
  db.exec('COMMIT')
  expect(charges()).toEqual(['1'])
  expect(await inbox.view!.stats()).toMatchObject([{ counts: { pending: 1 } }])
})

test.each(['COMMIT', 'ROLLBACK'])(
  'a delivery that was not awaited before the %s is rejected, and leaves no transaction open',
  async (ending) => {
    const shop = scene.join(scene.open())
    const db = begun(application())
    // The first delivery counts pending tasks, which takes a turn of the event loop.
    const taken = Promise.resolve(shop.port.accept(intake(item('1')), inTransaction(db)))
    db.exec(ending)
    await expect(taken).rejects.toThrow('await')
    expect(count(db, 'postern_events')).toBe(0)
    expect(await charge(shop, db, '1')).toEqual(['new'])
    await shop.untilSettled(1)
  },
)

test('a task.commit of an ordered task that was not awaited before the ROLLBACK settles nothing', async () => {
  const db = application()
  let committed: Promise<void> | undefined
  const shop = scene.join(scene.open(), {
    lanes: [lane('a', { ordered: true })],
    async run({ commitIn, attempt }) {
      if (attempt > 1) return DONE_OUTCOME
      committed = commitIn!(begun(db), undefined)
      db.exec('ROLLBACK')
      await committed.catch(() => {})
      return { kind: 'retry', at: Date.now(), error: { name: 'Error', message: 'again' } }
    },
  })
  await shop.port.accept(intake(item('1', [{ subscription: 'a', orderKey: 'k' }])), {})
  await shop.until('it ran twice', () => shop.settled.length === 2)
  // `commitIn` succeeded, but the ROLLBACK undid its write.
  await committed
  expect(shop.settled.map(({ outcome }) => outcome.kind)).toEqual(['retry', 'done'])
})

function count(db: DatabaseSync, table: string): unknown {
  return db.prepare(`SELECT count(*) AS found FROM ${table}`).get()!['found']
}
