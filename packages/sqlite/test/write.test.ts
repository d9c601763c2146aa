import { DatabaseSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { eventually, gate, storedDelivery, intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME, FAILURE, lane } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()
const { open, join, edit } = scene

test('an accept that fails in a shared transaction takes no other with it, and leaves nothing of its own', async () => {
  const shop = join(open())
  const bad = intake(item('bad-1'), item('bad-2', ['a'], { topic: undefined as never }))
  const accepted = await Promise.allSettled([
    shop.port.accept(intake(item('1')), {}),
    shop.port.accept(bad, {}),
    shop.port.accept(intake(item('2')), {}),
  ])
  expect(accepted.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  await shop.untilSettled(2)
  expect(shop.ran()).toEqual(['a:1', 'a:2'])
  expect(edit((db) => db.prepare('SELECT count(*) AS n FROM postern_events').get())).toEqual({
    n: 2,
  })
  expect(edit((db) => db.prepare('SELECT count(*) AS n FROM postern_deliveries').get())).toEqual({
    n: 0,
  })
  expect(await shop.port.accept(intake(item('bad-1')), {})).toEqual(['new'])
})

test('an accept that fails takes no room of its subscription with it', async () => {
  const shop = join(open(), { lanes: [lane('a', { concurrency: 1 })] })
  const bad = [{ subscription: 'a', orderKey: 'k', part: {} as never }]
  await expect(shop.port.accept(intake(item('bad', bad)), {})).rejects.toThrow()
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(1)
})

test('deliveries of one turn of the event loop share a transaction', async () => {
  const shop = join(open())
  await shop.port.accept(intake(item('first')), {})
  await shop.untilSettled(1)
  // In another connection, this version grows by one with each commit of the inbox.
  const db = new DatabaseSync(scene.file.path)
  const version = (): number => {
    const row = db.prepare('PRAGMA data_version').get() as { data_version: number }
    return row.data_version
  }
  const before = version()
  const ids = Array.from({ length: 100 }, (_, at) => `e${at}`)
  let seen = 0
  await Promise.all(
    ids.map(async (id) => {
      await shop.port.accept(intake(item(id)), {})
      seen = Math.max(seen, version() - before)
    }),
  )
  db.close()
  expect(seen).toBe(1)
})

test('a foreign writer holds deliveries up, but never the event loop', async () => {
  const shop = join(open())
  const foreign = new DatabaseSync(scene.file.path)
  foreign.exec('BEGIN IMMEDIATE')
  let taken = false
  const accepting = Promise.resolve(shop.port.accept(intake(item('1')), {})).then((result) => {
    taken = true
    return result
  })
  for (let turn = 0; turn < 20; turn++) {
    const began = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 2))
    expect(performance.now() - began).toBeLessThan(1000)
  }
  expect(taken).toBe(false)
  foreign.exec('COMMIT')
  foreign.close()
  expect(await accepting).toEqual(['new'])
})

test('a delivery that waits longer than the deadline is rejected, and is not stored later', async () => {
  const shop = join(open({ deadline: 30 }))
  await shop.port.accept(intake(item('0')), {})
  const foreign = new DatabaseSync(scene.file.path)
  foreign.exec('BEGIN IMMEDIATE')
  await expect(shop.port.accept(intake(item('1')), {})).rejects.toMatchObject({
    code: 'inbox_unavailable',
    status: 503,
    message: expect.stringContaining('deadline'),
  })
  foreign.exec('COMMIT')
  foreign.close()
  expect(await join(open()).port.accept(intake(item('1')), {})).toEqual(['new'])
})

test('more bytes than maxWaitingBytes may not wait for their commit', async () => {
  const shop = join(open({ maxWaitingBytes: 4000 }))
  await shop.port.accept(intake(item('0')), {})
  const large = (id: string) => ({
    delivery: storedDelivery({ body: new Uint8Array(3000) }),
    items: [item(id)],
  })
  const first = shop.port.accept(large('1'), {})
  expect(() => shop.port.accept(large('2'), {})).toThrow(
    expect.objectContaining({
      code: 'inbox_full',
      problem: 'full',
      option: 'maxWaitingBytes',
      limit: 4000,
    }),
  )
  expect(await first).toEqual(['new'])
  expect(await shop.port.accept(large('2'), {})).toEqual(['new'])
})

test('the body of a delivery is kept once, however many events and tasks it has', async () => {
  const shop = join(open(), { lanes: ['a', 'b'] })
  await shop.port.accept(intake(item('1', ['a', 'b']), item('2', ['a', 'b'])), {})
  await shop.untilSettled(4)
  expect(edit((db) => db.prepare('SELECT count(*) AS n FROM postern_deliveries').get())).toEqual({
    n: 1,
  })
  await shop.port.accept(intake(item('1', ['a', 'b'])), {})
  expect(edit((db) => db.prepare('SELECT count(*) AS n FROM postern_deliveries').get())).toEqual({
    n: 1,
  })
})

test('tasks are told while another holds the write lock for longer than a sign of life counts', async () => {
  const ends = gate()
  const inbox = open()
  const shop = join(inbox, { run: () => ends.passed.then(() => DONE_OUTCOME) })
  await shop.port.accept(intake(item('1')), {})
  await shop.until('it runs', () => shop.runs.length === 1)
  expect((await inbox.view!.list({ limit: 10 })).rows).toHaveLength(1)
  const other = new DatabaseSync(scene.file.path)
  other.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE')
  const real = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => real() + 20_000)
  try {
    const { rows } = await inbox.view!.list({ limit: 10 })
    expect(rows.map(({ state }) => state)).toEqual(['running'])
  } finally {
    clock.mockRestore()
    other.close()
    ends.pass()
  }
  await shop.untilSettled(1)
})

test.each([
  [
    'column',
    'postern_tasks RENAME COLUMN cause TO away',
    'postern_tasks RENAME COLUMN away TO cause',
  ],
  ['table', 'postern_tasks RENAME TO away', 'away RENAME TO postern_tasks'],
])('an outcome is kept while a %s is missing, and its handler runs once', async (_, away, back) => {
  const ended = gate()
  const shop = join(open(), {
    run: () => ended.passed.then(() => ({ kind: 'dead', error: FAILURE })),
  })
  await shop.port.accept(intake(item('1')), {})
  await shop.until('it runs', () => shop.runs.length === 1)
  scene.run(`ALTER TABLE ${away}`)
  ended.pass()
  await eventually('it is told', () =>
    shop.warnings.some((one) => one.includes('they stay in memory')),
  )
  scene.run(`ALTER TABLE ${back}`)
  await shop.untilSettled(1)
  expect(shop.settled).toMatchObject([{ outcome: { kind: 'dead' }, stored: true }])
  expect(shop.runs).toHaveLength(1)
})
