import { once } from 'node:events'
import { expect, test } from 'vitest'
import { gate, intake, item } from '../../testing/src/inbox/make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, lane } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene, startVictim } from './scene.ts'

const scene = sqliteScene()
const { open, join, edit, untilFound, row, run } = scene
const rows = (where = 'true'): unknown =>
  edit((db) => db.prepare(`SELECT count(*) AS n FROM postern_tasks WHERE ${where}`).get()!['n'])

test('a task that runs at once has no row of its own', async () => {
  let bare = 0
  const shop = join(open({ lease: '1h' }), {
    run() {
      if (rows('state < 2') === 0) bare++
      return DONE_OUTCOME
    },
  })
  // A look for ended leases may come between and give the task a row. So tasks are added until one had no row.
  for (let n = 1; bare === 0; n++) {
    await shop.port.accept(intake(item(String(n))), {})
    await shop.untilSettled(n)
  }
  expect(row('SELECT 1 FROM postern_claims')).toBeUndefined()
})

test('a task without a row is counted as running, then as done, by every process', async () => {
  const slow = gate()
  const options = { lease: '1h', pollInterval: '1h', maxPending: 2 } as const
  const inbox = open(options)
  const shop = join(inbox, {
    run: ({ event }) => (event.id === 'slow' ? slow.passed.then(() => DONE_OUTCOME) : DONE_OUTCOME),
  })
  const counts = async (of: typeof inbox) => (await of.view!.stats())[0]!.counts
  await shop.port.accept(intake(item('quick')), {})
  await shop.untilSettled(1)
  await shop.port.accept(intake(item('slow')), {})
  await shop.until('it runs', () => shop.runs.length === 2)
  expect(rows('state < 2')).toBe(0)
  for (const one of [inbox, open(options)])
    expect(await counts(one)).toMatchObject({ pending: 0, running: 1, done: 1, dead: 0 })
  // The list gives the running task a row, and the counts stay the same.
  await inbox.view!.list({ state: 'running' })
  expect(rows('state < 2')).toBe(1)
  expect(await counts(inbox)).toMatchObject({ pending: 0, running: 1, done: 1, dead: 0 })
  slow.pass()
  await shop.untilSettled(2)
  expect(await counts(inbox)).toMatchObject({ pending: 0, running: 0, done: 2, dead: 0 })
})

test('a look for what other processes stored makes no delivery wait for a claim', async () => {
  const shop = join(open({ lease: '1h', pollInterval: 1 }))
  await shop.port.accept(intake(item('first')), {})
  await shop.untilSettled(1)
  run(`CREATE TABLE waited (id INTEGER);
      CREATE TRIGGER waits AFTER INSERT ON postern_tasks WHEN NEW.state = 0 BEGIN INSERT INTO waited VALUES (NEW.id); END`)
  for (let n = 2; n < 22; n++) {
    // Waits until the next look for other processes' tasks is due, so that it comes before the write of this delivery.
    for (const until = performance.now() + 3; performance.now() < until;);
    await shop.port.accept(intake(item(String(n))), {})
    await shop.untilSettled(n)
  }
  expect(row('SELECT count(*) AS n FROM waited')).toEqual({ n: 0 })
})

test('deliveries behind one that had to be claimed are not claimed for its sake', async () => {
  const bare: string[] = []
  // With these times, a look for ended leases happens only at startup. Such a look gives tasks rows.
  const shop = join(open({ lease: '1h', pollInterval: '1h' }), {
    run({ event }) {
      if (rows('state < 2') === 0) bare.push(event.id!)
      return DONE_OUTCOME
    },
  })
  for (let n = 1; n <= 20; n++) await shop.port.accept(intake(item(String(n))), {})
  await shop.untilSettled(20)
  expect(bare).toEqual(expect.arrayContaining(Array.from({ length: 10 }, (_, n) => String(n + 11))))
})

test('a list finds tasks that run without a row, and they end as others do', async () => {
  const inbox = open({ lease: '1h' })
  const slow = gate()
  const shop = join(inbox, {
    lanes: ['a', 'b'],
    run: ({ event, subscription }) =>
      event.id === '2' && subscription === 'b'
        ? slow.passed.then(() => DONE_OUTCOME)
        : DONE_OUTCOME,
  })
  await shop.port.accept(intake(item('1', ['a', 'b']), item('2', ['a', 'b'])), {})
  await shop.untilSettled(3)
  const { rows: tasks } = await inbox.view!.list({ state: 'running' })
  expect(tasks.map(({ event, subscription }) => `${subscription}:${event.id}`)).toEqual(['b:2'])
  expect((await inbox.view!.get(tasks[0]!.id))?.state).toBe('running')
  expect((await inbox.view!.list({})).rows).toHaveLength(4)
  slow.pass()
  await shop.untilSettled(4)
  expect(shop.settled.every(({ stored }) => stored)).toBe(true)
  expect(rows('state = 2')).toBe(4)
})

test('a task that is not looked for is not forgotten: pruning and erasing leave the event of one that runs', async () => {
  const inbox = open({ lease: '1h', dedupeWindow: '20ms', keepDone: '20ms' })
  const slow = gate()
  const shop = join(inbox, {
    run: ({ event }) => (event.id === 'slow' ? slow.passed.then(() => DONE_OUTCOME) : DONE_OUTCOME),
  })
  await shop.port.accept(intake(item('slow'), item('quick')), {})
  await untilFound(
    "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_events WHERE event_id = 'quick')",
  )
  expect(await inbox.view!.erase({ eventId: 'slow' })).toMatchObject({ count: 0 })
  slow.pass()
  await shop.untilSettled(2)
  expect(shop.settled.map(({ stored }) => stored)).toEqual([true, true])
  await untilFound('SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_events)')
})

test('a failure among tasks of one commit changes that task alone', async () => {
  const inbox = open({ lease: '1h' })
  const shop = join(inbox, { run: ({ event }) => (event.id === '2' ? DEAD_OUTCOME : DONE_OUTCOME) })
  await shop.port.accept(intake(item('1'), item('2'), item('3')), {})
  await shop.untilSettled(3)
  const [stats] = await inbox.view!.stats()
  expect(stats!.counts).toMatchObject({ pending: 0, running: 0, done: 2, dead: 1 })
  expect([rows('state = 2'), rows('state = 3'), rows()]).toEqual([2, 1, 3])
})

test('of a commit whose process was killed, what had ended stays ended and the rest runs again', async () => {
  open()
  const child = startVictim(scene.file.path, '1h', ['1', 'slow', '3'])
  await untilFound('SELECT 1 FROM postern_tasks WHERE state = 2 GROUP BY state HAVING count(*) = 2')
  child.kill('SIGKILL')
  await once(child, 'exit')
  const next = join(open({ lease: '1h' }))
  await next.untilSettled(1)
  expect(next.ran()).toEqual(['a:slow'])
  expect(await next.port.accept(intake(item('1'), item('slow'), item('3')), {})).toEqual([
    'duplicate',
    'duplicate',
    'duplicate',
  ])
})

test('a delivery takes no place for a transaction that was rolled back', async () => {
  const bad = gate()
  const shop = join(open({ lease: '1h', pollInterval: '1h' }), {
    lanes: [lane('a', { concurrency: 1 }), 'b'],
    run: async ({ subscription }) => {
      if (subscription === 'a') return DONE_OUTCOME
      await bad.passed
      // No store accepts this value of `part`.
      return { kind: 'done', spawn: [{ subscription: 'a', part: {} as never }] }
    },
  })
  await shop.port.accept(intake(item('bad', ['b'])), {})
  await shop.until('it runs, behind the claim of the start', () => shop.runs.length === 1)
  // The delivery and the outcome are written in the same turn of the event loop.
  const taken = shop.port.accept(intake(item('1', ['a'])), {})
  bad.pass()
  expect(await taken).toEqual(['new'])
  await shop.untilSettled(2)
  expect(shop.ran()).toEqual(['b:bad', 'a:1'])
})
