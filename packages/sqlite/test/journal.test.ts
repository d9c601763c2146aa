import type { Arrival, Journal, MinuteCount } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { gate } from '../../testing/src/inbox/gate.ts'
import { intake, item } from '../../testing/src/inbox/make.ts'
import {
  DEAD_OUTCOME,
  DONE_OUTCOME,
  FAILURE,
  lane,
  retryIn,
} from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, edit } = sqliteScene()
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
    outcome: 'refused',
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

test('attempts of a task: each with its outcome, its error and its process, kept over a replay', async () => {
  const inbox = open()
  let broken = true
  const shop = join(inbox, {
    run: ({ attempt }) => (attempt < 3 ? retryIn(1) : broken ? DEAD_OUTCOME : DONE_OUTCOME),
  })
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(3)
  const [task] = (await inbox.view!.list()).rows
  expect(task).toMatchObject({ state: 'dead', attempts: 3, settledAt: expect.any(Number) })
  broken = false
  await inbox.view!.replay({})
  await shop.untilSettled(6)
  const attempts = await inbox.journal!.attempts(task!.id)
  expect(attempts.map(({ attempt, outcome }) => [attempt, outcome])).toEqual([
    [1, 'retry'],
    [2, 'retry'],
    [3, 'dead'],
    [1, 'retry'],
    [2, 'retry'],
    [3, 'done'],
  ])
  expect(attempts[0]).toMatchObject({
    error: FAILURE,
    process: expect.stringContaining(`:${process.pid}`),
  })
  expect(attempts.every(({ duration }) => duration! >= 0)).toBe(true)
  expect(attempts.at(-1)!.error).toBeUndefined()
  expect((await inbox.view!.list()).rows[0]).toMatchObject({
    attempts: 6,
    error: undefined,
    cause: undefined,
  })
})

test('of many attempts the first and the last nineteen are kept, and go with their task', async () => {
  const inbox = open()
  const shop = join(inbox, { run: ({ attempt }) => (attempt < 30 ? retryIn(0) : DONE_OUTCOME) })
  await shop.port.accept(intake(item('1')), {})
  await shop.untilSettled(30)
  const [task] = (await inbox.view!.list()).rows
  const attempts = await inbox.journal!.attempts(task!.id)
  expect(attempts.map(({ attempt }) => attempt)).toEqual([
    1,
    ...Array.from({ length: 19 }, (_, at) => 12 + at),
  ])
  await inbox.view!.prune(Date.now() + HOUR)
  expect(edit((db) => db.prepare('SELECT count(*) AS n FROM postern_attempts').get())).toEqual({
    n: 0,
  })
})

test('an interruption is told apart', async () => {
  const hold = gate()
  const inbox = open()
  const stuck = join(inbox, {
    lanes: [lane('a', { concurrency: 1 })],
    run: () => hold.passed.then(() => DONE_OUTCOME),
  })
  await stuck.port.accept(intake(item('1')), {})
  await stuck.until('it runs', () => stuck.runs.length === 1)
  // As a process leaves it of which nobody knows any more.
  edit((db) => db.exec('UPDATE postern_tasks SET token = 7'))
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

test('deliveries come newest first from both rings, in pages, by each filter', async () => {
  const journal = open().journal!
  const base = Date.now() - 100_000
  const arrived = Array.from({ length: 1000 }, (_, at) =>
    at % 3 === 0
      ? arrival(at, {
          verified: true,
          outcome: 'accepted',
          code: undefined as never,
          topics: ['users.new'],
        })
      : arrival(at, { at: base + at, path: at === 500 ? '/odd' : '/hooks' }),
  )
  await journal.write({ ...NOTHING, arrived: arrived.slice(0, 500) })
  await journal.write({ ...NOTHING, arrived: arrived.slice(500) })
  const all = await everyPage(journal, {})
  expect(all.map(({ id }) => id)).toEqual(arrived.map(({ id }) => id).toReversed())
  expect(all[0]).not.toHaveProperty('replyBody')
  expect(await everyPage(journal, { outcome: 'accepted' })).toHaveLength(334)
  expect(
    await everyPage(journal, { outcome: ['accepted', 'refused'], topic: 'orders.*' }),
  ).toHaveLength(666)
  expect(await everyPage(journal, { eventId: 'evt-7' })).toHaveLength(1)
  expect(await everyPage(journal, { text: '/ODD' })).toHaveLength(1)
  expect(await everyPage(journal, { until: base + 11 })).toHaveLength(7)
  const refused = await journal.refusals({ limit: 1000 })
  expect(refused.rows).toHaveLength(666)
  await expect((async () => journal.deliveries({ reciever: 'shop' } as never))()).rejects.toThrow(
    'receiver',
  )
})

test('the last refused request of a slot is kept, and only shown alone', async () => {
  const journal = open().journal!
  const kept = {
    url: '/hooks?x=1',
    headers: [['x-sig', 'bad']] as const,
    body: new Uint8Array([1, 255]),
  }
  for (let at = 0; at < 5; at++)
    await journal.write({ ...NOTHING, arrived: [arrival(at, { kept, slot: `s${at % 3}` })] })
  expect(await journal.delivery(arrival(4).id)).toMatchObject({
    replyBody: 'no',
    kept: { url: '/hooks?x=1', headers: [['x-sig', 'bad']] },
  })
  expect(Buffer.from((await journal.delivery(arrival(2).id))!.kept!.body)).toEqual(
    Buffer.from([1, 255]),
  )
  expect(await journal.delivery(arrival(1).id)).not.toHaveProperty('kept')
  expect((await journal.deliveries()).rows.every((row) => !('kept' in row || 'slot' in row))).toBe(
    true,
  )
  expect(await journal.delivery('none')).toBeUndefined()
})

test('a flood of strangers fills only its own ring, which stays within its bound', async () => {
  const journal = open().journal!
  await journal.write({ ...NOTHING, arrived: [arrival(0, { verified: true })] })
  for (let at = 1; at < 12_000; at += 500)
    await journal.write({
      ...NOTHING,
      arrived: Array.from({ length: 500 }, (_, more) => arrival(at + more)),
    })
  const rings = edit((db) => db.prepare('SELECT ring, rows FROM postern_rings ORDER BY ring').all())
  expect(rings).toEqual([
    { ring: 0, rows: 1 },
    { ring: 1, rows: 10_000 },
  ])
  expect(
    edit((db) => db.prepare('SELECT count(*) AS n FROM postern_arrivals WHERE ring = 1').get()),
  ).toEqual({
    n: 10_000,
  })
  expect(await journal.delivery(arrival(0).id)).toBeDefined()
})

test('counts of processes add up, gauges keep the last value, and old minutes become hours', async () => {
  const journal = open().journal!
  const other = open().journal!
  const now = Date.now()
  const hour = now - (now % HOUR)
  const old = hour - 50 * HOUR
  const gauge = { receiver: 'shop', subscription: 'a', running: 1, dead: 2, oldest: old - 5 }
  await journal.write({ ...NOTHING, minutes: [counted(hour), counted(hour + 60_000)] })
  await other.write({
    ...NOTHING,
    minutes: [counted(hour, { max: 40 }), counted(hour, { by: 'code', value: 'closed' })],
    gauges: [
      { ...gauge, minute: hour, pending: 3 },
      { ...gauge, minute: hour + 60_000, pending: 9, oldest: undefined },
    ],
  })
  const range = { from: hour, to: hour + HOUR, step: HOUR }
  expect(await journal.history(range)).toEqual([
    {
      from: hour,
      receiver: 'shop',
      kind: 'delivery',
      by: 'outcome',
      value: 'accepted',
      count: 6,
      sum: 90,
      max: 40,
      histogram: [
        [9, 3],
        [12, 3],
      ],
    },
  ])
  expect(await journal.history({ ...range, by: 'code' })).toMatchObject([
    { value: 'closed', count: 2 },
  ])
  expect(await journal.history({ ...range, receiver: 'bank' })).toEqual([])
  expect(await journal.history({ ...range, kind: 'gauge' })).toEqual([
    {
      kind: 'gauge',
      receiver: 'shop',
      subscription: 'a',
      from: hour,
      pending: 9,
      running: 1,
      dead: 2,
      oldest: undefined,
    },
  ])
  await journal.write({ ...NOTHING, minutes: [counted(old), counted(old + 60_000)] })
  await open().journal!.write(NOTHING)
  const before = await journal.history({ from: old, to: old + HOUR, step: HOUR })
  expect(before).toMatchObject([{ from: old, count: 4 }])
  expect(
    edit((db) =>
      db
        .prepare(
          "SELECT kind, count(*) AS n FROM postern_spans WHERE kind <> 'gauge' GROUP BY kind",
        )
        .all(),
    ),
  ).toEqual([
    { kind: 'hour', n: 1 },
    { kind: 'minute', n: 2 },
  ])
})

async function everyPage(journal: Journal, filter: object): Promise<readonly Arrival[]> {
  const all: Arrival[] = []
  let cursor: string | undefined
  do {
    const page = await journal.deliveries({
      ...filter,
      limit: 70,
      ...(cursor !== undefined && { cursor }),
    })
    all.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
}
