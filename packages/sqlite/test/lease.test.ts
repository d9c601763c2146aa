import { expect, test } from 'vitest'
import { gate, intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME, lane, retryIn } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, edit, untilFound, row, rows, run } = sqliteScene()
// Value of the column `gate` for an interrupted task.
const AGAIN = 2

test('a handler that outlasts its lease keeps its task: the lease is renewed while it runs', async () => {
  const passed = gate()
  const slow = join(open({ lease: 60 }), { run: () => passed.passed.then(() => DONE_OUTCOME) })
  const other = join(open({ lease: 60 }))
  await slow.port.accept(intake(item('1')), {})
  await slow.until('it runs', () => slow.runs.length === 1)
  for (let renewal = 0; renewal < 4; renewal++) {
    const of = 'postern_processes WHERE id = (SELECT token >> 32 FROM postern_tasks)'
    const { beat } = edit((db) => db.prepare(`SELECT beat FROM ${of}`).get() as { beat: number })
    await untilFound(`SELECT 1 FROM ${of} AND beat > ${beat}`)
  }
  passed.pass()
  await slow.untilSettled(1)
  expect(slow.settled[0]!.stored).toBe(true)
  await other.port.accept(intake(item('last')), {})
  await other.untilSettled(1)
  expect([...slow.ran(), ...other.ran()]).toEqual(['a:1', 'a:last'])
})

test('a handler that blocks its whole process longer than the lease is not run by that process again', async () => {
  const shop = join(open({ lease: 30 }), {
    run() {
      const until = performance.now() + 150
      while (performance.now() < until);
      return DONE_OUTCOME
    },
  })
  await shop.port.accept(intake(item('1'), item('2')), {})
  await shop.untilSettled(2)
  expect(shop.ran()).toEqual(['a:1', 'a:2'])
  expect(shop.settled.every(({ stored }) => stored)).toBe(true)
})

test('a task that took its process down is claimed only to start at once, not ahead of time', async () => {
  const hold = gate()
  let quick = true
  const shop = join(open(), {
    lanes: [lane('a', { concurrency: 3 })],
    run: () => (quick ? DONE_OUTCOME : hold.passed.then(() => DONE_OUTCOME)),
  })
  await shop.port.accept(intake(...Array.from({ length: 40 }, (_, at) => item(`e${at}`))), {})
  await shop.untilSettled(40)
  quick = false
  // Imitates a process that claimed all tasks in advance, because they were quick, and was then killed.
  run(`BEGIN IMMEDIATE; UPDATE postern_tasks SET state = 0, due = 0, attempt = 0, cut = 1, gate = ${AGAIN};
       UPDATE postern_lanes SET pending = done, done = 0; COMMIT`)
  await shop.until('three run', () => shop.runs.length === 43)
  const claimed = row('SELECT sum(state = 1) AS n FROM postern_tasks')
  expect(claimed).toEqual({ n: 3 })
  hold.pass()
  await shop.untilSettled(80)
})

test('an attempt that lost its claim leaves the next one of its task, in the same process, alone', async () => {
  const [first, second] = [gate(), gate()]
  let runs = 0
  const shop = join(open({ lease: 60_000 }), {
    async run({ commit }) {
      const one = ++runs
      await (one === 1 ? first : second).passed
      // A late failure is stored only if no process has claimed the task since then.
      if (one === 1) return retryIn(3_600_000)
      await commit!(() => undefined, undefined)
      return DONE_OUTCOME
    },
  })
  await shop.port.accept(intake(item('1')), {})
  await shop.until('the first runs', () => shop.runs.length === 1)
  // Imitates another process that took the task over and could not settle it either.
  run(`BEGIN IMMEDIATE; UPDATE postern_tasks SET state = 0, due = 0, token = 0, lease = 0;
       UPDATE postern_lanes SET pending = 1, running = 0; COMMIT`)
  await shop.until('the second runs', () => shop.runs.length === 2)
  first.pass()
  await shop.untilSettled(1)
  second.pass()
  await shop.untilSettled(2)
  expect(shop.settled.map(({ claim, stored }) => [claim.attempt, stored])).toEqual([
    [1, false],
    [2, true],
  ])
})

test('of attempts that end together, only those that another has settled are rejected', async () => {
  const hold = gate()
  const shop = join(open(), {
    lanes: [lane('a', { concurrency: 10 }), lane('b', { concurrency: 10 })],
    run: () => hold.passed.then(() => DONE_OUTCOME),
  })
  const items = Array.from({ length: 10 }, (_, at) => item(`e${at}`, ['a', 'b']))
  await Promise.all(items.map(async (one) => shop.port.accept(intake(one), {})))
  await shop.until('all run', () => shop.runs.length === 20)
  // Imitates another process that claimed and settled these tasks after their leases had ended.
  run(`BEGIN IMMEDIATE; UPDATE postern_tasks SET state = 3, token = 7, lease = 0 WHERE id >> 16 IN (2, 5);
       UPDATE postern_lanes SET running = running - 2, dead = dead + 2; COMMIT`)
  hold.pass()
  await shop.untilSettled(20)
  const rejected = shop.settled.filter(({ stored }) => !stored)
  expect(rejected).toHaveLength(4)
  expect(new Set(rejected.map(({ claim }) => claim.event.id))).toEqual(new Set(['e1', 'e4']))
  expect(rows('SELECT state, count(*) AS n FROM postern_tasks GROUP BY state')).toEqual([
    { state: 2, n: 16 },
    { state: 3, n: 4 },
  ])
  const counts = row('SELECT sum(running) AS running, sum(dead) AS dead FROM postern_lanes')
  expect(counts).toEqual({ running: 0, dead: 4 })
})

test('counts of a lane always are the numbers of its tasks', async () => {
  const inbox = open()
  const shop = join(inbox, {
    lanes: ['a', 'b'],
    run: ({ attempt, event, subscription, part }) => {
      if (part !== undefined) return DONE_OUTCOME
      if (subscription === 'b') return { kind: 'dead', error: { name: 'Error', message: '' } }
      if (Number(event.id) % 3 === 0 && attempt === 1) return retryIn(1)
      return { kind: 'done', spawn: [{ subscription: 'a', part: 'child' }] }
    },
  })
  for (let at = 0; at < 30; at++)
    await shop.port.accept(intake(item(String(at), ['a', 'b', 'none'])), {})
  await shop.untilSettled(30 + 10 + 30 + 30)
  await inbox.view!.delete({ subscription: 'none', eventId: '1' })
  await inbox.view!.replay({ subscription: 'b', eventId: '2' })
  await shop.untilSettled(101)
  const counted =
    rows(`SELECT l.name, l.pending = sum(t.state = 0) AND l.running = sum(t.state = 1) AND l.done = sum(t.state = 2)
       AND l.dead = sum(t.state = 3) AS right FROM postern_tasks t JOIN postern_lanes l ON l.id = t.lane GROUP BY l.id`)
  expect(counted).toEqual([
    { name: 'a', right: 1 },
    { name: 'b', right: 1 },
    { name: 'none', right: 1 },
  ])
})
