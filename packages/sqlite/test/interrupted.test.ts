import { expect, test } from 'vitest'
import { gate } from '../../testing/src/inbox/gate.ts'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME, FAILURE, lane, retryIn } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, edit, untilFound } = sqliteScene()
const row = () =>
  edit((db) => db.prepare('SELECT state, attempt, cut, charged, gate FROM postern_tasks').get())
/** Leaves the task as a process does that was killed while it ran, with interruptions before it: nobody has its number. */
const leave = (cut: number, charged: number): void =>
  edit((db) =>
    db.exec(
      `BEGIN IMMEDIATE; UPDATE postern_tasks SET state = 1, attempt = 1, due = 0, token = 7, lease = 1, gate = 0, cut = ${cut}, charged = ${charged};
       UPDATE postern_lanes SET pending = pending - 1, running = running + 1; COMMIT`,
    ),
  )

test('an ended lease is an interruption: no attempt, and a wait before the task runs again', async () => {
  const inbox = open()
  const web = join(inbox, { lanes: ['none'] })
  await web.port.accept(intake(item('1')), {})
  leave(0, 0)
  const shop = join(open({ lease: 1000 }), { lanes: ['a'] })
  await untilFound('SELECT 1 FROM postern_tasks WHERE cut = 1 AND due > 0')
  expect(row()).toMatchObject({ state: 0, attempt: 0, cut: 1, charged: 0 })
  await shop.untilSettled(1)
  expect(shop.runs[0]!.claim.attempt).toBe(1)
  expect(row()).toMatchObject({ state: 2, cut: 0 })
})

test('a suspect waits until no other runs in the process, and an outcome clears it', async () => {
  const hold = gate()
  const inbox = open()
  const web = join(inbox, { lanes: ['none'] })
  await web.port.accept(intake(item('1'), item('2')), {})
  edit((db) => db.exec('UPDATE postern_tasks SET cut = 3, gate = 3'))
  await web.port.close(Date.now() + 50)
  const shop = join(inbox, { lanes: ['a'], run: () => hold.passed.then(() => DONE_OUTCOME) })
  await shop.until('one runs', () => shop.runs.length === 1)
  await shop.port.accept(intake(item('healthy')), {})
  await shop.until('the healthy one runs beside it', () => shop.runs.length === 2)
  expect(shop.ran()).toEqual(['a:1', 'a:healthy'])
  hold.pass()
  await shop.untilSettled(3)
  expect(shop.ran()[2]).toBe('a:2')
  expect(
    edit((db) => db.prepare('SELECT sum(cut) AS cut, sum(gate) AS gate FROM postern_tasks').get()),
  ).toEqual({ cut: 0, gate: 0 })
})

test('a suspect that is charged as often as its policy has attempts is dead as poison, and told', async () => {
  const inbox = open()
  const shop = join(inbox, { lanes: [lane('a', { attempts: 2 })] })
  await shop.port.accept(intake(item('1', [{ subscription: 'a', part: 'p' }])), {})
  await shop.untilSettled(1)
  edit((db) =>
    db.exec(
      `BEGIN IMMEDIATE; UPDATE postern_tasks SET state = 1, due = 0, token = 7, lease = 1, cut = 7, charged = 4 WHERE part = 'p';
       UPDATE postern_lanes SET done = 0, running = 1 WHERE name = 'a'; COMMIT`,
    ),
  )
  await shop.untilSettled(2)
  expect(shop.settled[1]).toMatchObject({
    claim: { subscription: 'a', part: 'p', event: { id: '1' } },
    outcome: { kind: 'dead', error: { name: 'poison' } },
    stored: true,
  })
  const { rows: tasks } = await inbox.view!.list({ state: 'dead' })
  expect(tasks).toMatchObject([{ event: { id: '1' }, error: { name: 'poison' } }])
  await inbox.view!.replay({ eventId: '1' })
  await shop.untilSettled(3)
  expect(shop.runs.at(-1)!.claim.attempt).toBe(1)
})

test('an outcome that comes after its lease ended counts while nobody else has claimed the task', async () => {
  const hold = gate()
  const inbox = open()
  const shop = join(inbox, { run: () => hold.passed.then(() => retryIn(3_600_000)) })
  await shop.port.accept(intake(item('1')), {})
  await shop.until('it runs', () => shop.runs.length === 1)
  // As another process leaves it that frees the task and does not run it.
  edit((db) =>
    db.exec(
      `BEGIN IMMEDIATE; UPDATE postern_tasks SET state = 0, due = 9e15, attempt = 0, lease = 0, cut = 3, charged = 1, gate = 3;
       UPDATE postern_lanes SET pending = 1, running = 0; COMMIT`,
    ),
  )
  hold.pass()
  await shop.untilSettled(1)
  expect(shop.settled[0]!.stored).toBe(true)
  expect(row()).toMatchObject({ state: 0, attempt: 1, cut: 0, charged: 0, gate: 0 })
  const { rows: tasks } = await inbox.view!.list({})
  expect(tasks[0]!.error?.message).toBe(FAILURE.message)
})

test('a suspect runs beside a flood that never ends', async () => {
  const inbox = open()
  const web = join(inbox, { lanes: ['none'] })
  await web.port.accept(intake(item('suspect')), {})
  edit((db) => db.exec('UPDATE postern_tasks SET cut = 3, gate = 3, due = 9e15'))
  await web.port.close(Date.now() + 50)
  let made = 0
  let ends = false
  const more = (count: number) => intake(...Array.from({ length: count }, () => item(`${made++}`)))
  const shop = join(inbox, {
    lanes: [lane('a', { concurrency: 2 })],
    async run() {
      if (!ends) await shop.port.accept(more(1), {})
      return DONE_OUTCOME
    },
  })
  await shop.port.accept(more(400), {})
  await shop.until('the flood runs', () => shop.settled.length > 200)
  edit((db) => db.exec('UPDATE postern_tasks SET due = 0 WHERE cut = 3'))
  await shop.until('the suspect runs', () => shop.ran().includes('a:suspect'))
  ends = true
})
