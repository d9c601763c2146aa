import { expect, test } from 'vitest'
import { gate } from '../../testing/src/inbox/gate.ts'
import { intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME, lane } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, edit } = sqliteScene()

test('close gives back what runs and what waits to start, without an attempt, and refuses the late outcome', async () => {
  const hold = gate()
  let quick = true
  const inbox = open()
  const shop = join(inbox, {
    lanes: [lane('a', { concurrency: 2 })],
    run: () => (quick ? DONE_OUTCOME : hold.passed.then(() => DONE_OUTCOME)),
  })
  for (let at = 0; at < 20; at++) await shop.port.accept(intake(item(`quick-${at}`)), {})
  await shop.untilSettled(20)
  quick = false
  await shop.port.accept(intake(...['1', '2', '3', '4'].map((id) => item(id))), {})
  await shop.until('two run', () => shop.runs.length === 22)
  await shop.port.close(Date.now() + 100)
  expect(
    edit((db) =>
      db
        .prepare(
          'SELECT state, attempt, count(*) AS n FROM postern_tasks GROUP BY state, attempt ORDER BY state',
        )
        .all(),
    ),
  ).toEqual([
    { state: 0, attempt: 0, n: 4 },
    { state: 2, attempt: 1, n: 20 },
  ])
  hold.pass()
  await shop.untilSettled(22)
  expect(shop.settled.slice(20).map(({ stored }) => stored)).toEqual([false, false])
  quick = true
  const next = join(inbox, { lanes: ['a'] })
  await next.untilSettled(4)
  expect(next.runs.every(({ claim }) => claim.attempt === 1)).toBe(true)
})

test('signal aborts at half of the time, so that a handler can end by itself', async () => {
  const inbox = open()
  const shop = join(inbox, {
    run: (_, signal) =>
      new Promise((resolve) => signal!.addEventListener('abort', () => resolve(DONE_OUTCOME))),
  })
  await shop.port.accept(intake(item('1')), {})
  await shop.until('it runs', () => shop.runs.length === 1)
  await shop.port.close(Date.now() + 400)
  expect(shop.settled.map(({ outcome, stored }) => [outcome.kind, stored])).toEqual([
    ['done', true],
  ])
})
