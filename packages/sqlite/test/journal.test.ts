import type { Arrival, MinuteCount } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { gate, intake, item } from '../../testing/src/inbox/make.ts'
import { DONE_OUTCOME, lane } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, row, rows, run } = sqliteScene()
const HOUR = 3_600_000
const NOTHING = { arrived: [], minutes: [], gauges: [], lost: 0 }

function arrival(number: number, more: Partial<Arrival> = {}): Arrival {
  return {
    id: `id-${String(number).padStart(8, '0')}`,
    at: Date.now(),
    receiver: 'shop',
    provider: 'acme',
    method: 'POST',
    path: '/hooks',
    outcome: 'rejected',
    verified: false,
    code: 'signature_mismatch',
    reason: 'no secret matches',
    status: 401,
    took: 1.5,
    bytes: 17,
    topics: ['orders.paid'],
    ids: [`evt-${number}`],
    keys: [],
    replyBody: 'no',
    ...more,
  }
}

function counted(minute: number, more: Partial<MinuteCount> = {}): MinuteCount {
  return {
    minute,
    receiver: 'shop',
    kind: 'delivery',
    by: 'outcome',
    value: 'accepted',
    count: 2,
    sum: 30,
    max: 20,
    histogram: [
      [9, 1],
      [12, 1],
    ],
    ...more,
  }
}

test('an interruption is told apart', async () => {
  const hold = gate()
  const inbox = open()
  const stuck = join(inbox, {
    lanes: [lane('a', { concurrency: 1 })],
    run: () => hold.passed.then(() => DONE_OUTCOME),
  })
  await stuck.port.accept(intake(item('1')), {})
  await stuck.until('it runs', () => stuck.runs.length === 1)
  // Makes the task look like that of a process that no longer exists.
  run('UPDATE postern_tasks SET token = 7')
  const other = join(open())
  await other.untilSettled(1)
  const attempts = await inbox.journal!.attempts(other.runs[0]!.claim.id)
  expect(attempts.map(({ outcome, duration }) => [outcome, duration === undefined])).toEqual([
    ['interrupted', true],
    ['done', false],
  ])
  hold.pass()
  await stuck.untilSettled(1)
})

test('a flood of strangers fills only its own ring, which stays within its bound', async () => {
  const journal = open().journal!
  await journal.write({ ...NOTHING, arrived: [arrival(0, { verified: true })] })
  for (let at = 1; at < 12_000; at += 500)
    await journal.write({
      ...NOTHING,
      arrived: Array.from({ length: 500 }, (_, more) => arrival(at + more)),
    })
  const rings = rows('SELECT ring, rows FROM postern_rings ORDER BY ring')
  expect(rings).toEqual([
    { ring: 0, rows: 1 },
    { ring: 1, rows: 10_000 },
  ])
  expect(row('SELECT count(*) AS n FROM postern_arrivals WHERE ring = 1')).toEqual({
    n: 10_000,
  })
  expect(await journal.delivery(arrival(0).id)).toBeDefined()
})

test('old minutes become hours', async () => {
  const journal = open().journal!
  const hour = Date.now() - (Date.now() % HOUR)
  const old = hour - 50 * HOUR
  await journal.write({ ...NOTHING, minutes: [counted(hour), counted(hour + 60_000)] })
  await journal.write({ ...NOTHING, minutes: [counted(old), counted(old + 60_000)] })
  await open().journal!.write(NOTHING)
  const before = await journal.history({ from: old, to: old + HOUR, step: HOUR })
  expect(before).toMatchObject([{ from: old, count: 4 }])
  const kinds = 'SELECT kind, count(*) AS n FROM postern_spans GROUP BY kind'
  expect(rows(kinds)).toEqual([
    { kind: 'hour', n: 1 },
    { kind: 'minute', n: 2 },
  ])
})
