import { matches } from '@postern/core/engine'
import type { InboxView, TaskFilter, TaskInfo } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { storedDelivery, intake, item, takeAt } from '../../testing/src/inbox/make.ts'
import { DEAD_OUTCOME, DONE_OUTCOME, retryIn } from '../../testing/src/inbox/recorder.ts'
import { sqliteScene } from './scene.ts'

const { open, join, untilFound } = sqliteScene()
const HOUR = 3_600_000
const TOPICS = ['orders.paid', 'orders.sent', 'users.new', 'rare.thing']

/** Returns all rows of a list, in pages of `limit` rows. */
async function pages(view: InboxView, filter: TaskFilter, limit: number): Promise<TaskInfo[]> {
  const all: TaskInfo[] = []
  let cursor: string | undefined
  do {
    const page = await view.list({ ...filter, limit, ...(cursor !== undefined && { cursor }) })
    expect(page.rows.length).toBeLessThanOrEqual(limit)
    all.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== undefined)
  return all
}

test('each filter gives in pages what a look at every task gives, newest first, indexed or not', async () => {
  const inbox = open()
  const shop = join(inbox, {
    lanes: ['a', 'b'],
    run({ event, subscription }) {
      const number = Number(event.id?.slice(1))
      if (subscription === 'a' && number % 701 === 0) return DEAD_OUTCOME
      if (subscription === 'b') return retryIn(HOUR)
      return DONE_OUTCOME
    },
  })
  const bank = join(inbox, { receiver: 'bank', lanes: [] })
  const start = Date.now() - 10 * HOUR
  for (let at = 1; at <= 4200; at += 100)
    await Promise.all(
      Array.from({ length: 100 }, async (_, more) => {
        const n = at + more
        const topic = n === 77 ? TOPICS[3]! : TOPICS[n % 3]!
        const tenant = n % 5 === 0 ? 'tenant' : undefined
        const id = `e${n}`
        const key = tenant === undefined ? `:${id}` : `${tenant.length}:${tenant}:${id}`
        const tasks = n % 901 === 0 ? ['a', 'b'] : [n % 1000 === 1 ? 'none' : 'a']
        const payload = { text: n % 611 === 0 ? 'The Needle' : 'hay' }
        const one = item(id, tasks, {
          topic,
          tenant,
          key,
          payload,
          provider: n % 2 ? 'acme' : 'odd',
        })
        const from = storedDelivery({ receivedAt: start + n * 1000 })
        await (n % 50 === 0 ? bank : shop).port.accept({ delivery: from, items: [one] }, {})
      }),
    )
  await shop.port.accept(intake(item('loose', ['a'], { key: '~own', dedupe: false })), {})
  await untilFound(
    'SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM postern_tasks WHERE state = 1) AND NOT EXISTS (SELECT 1 FROM postern_claims)',
  )
  const view = inbox.view!
  const all = await pages(view, {}, 1000)
  expect(all.length).toBeGreaterThan(4200)
  expect(
    all.map(({ id }) => Number(id)).every((id, at, ids) => at === 0 || id !== ids[at - 1]),
  ).toBe(true)
  expect(all[0]!.event.id).toBe('loose')
  const cause = all.find((task) => task.state === 'dead')!.cause!
  const dead = all.find((task) => task.state === 'dead')!
  const filters: TaskFilter[] = [
    { topic: 'orders.*' },
    { topic: 'orders.paid', state: 'done' },
    { topic: 'rare.thing' },
    { topic: 'nothing.*' },
    { topic: '**', receiver: 'bank' },
    { eventId: 'e77' },
    { eventId: 'e200' },
    { eventId: 'loose' },
    { eventId: 'e200', receiver: 'shop' },
    { keys: [':e77', '6:tenant:e100', '~own', 'none'] },
    { state: 'dead' },
    { state: 'dead', subscription: 'a', receiver: 'shop' },
    { state: 'pending' },
    { state: 'pending', subscription: 'none' },
    { state: 'running' },
    { cause },
    { cause: 'none' },
    { id: dead.id },
    { provider: 'odd', receiver: 'bank' },
    { part: 'x' },
    { before: start + 500_000 },
    { after: start + 4_000_000 },
    { after: start + 1_000_000, before: start + 1_100_000, topic: 'orders.*' },
  ]
  for (const filter of filters) {
    const wanted = all.filter((task) => matches(filter)(task)).map(({ id }) => id)
    const limit = wanted.length > 100 ? 500 : 3
    const found = (await pages(view, filter, limit)).map(({ id }) => id)
    expect(found, JSON.stringify(filter)).toEqual(wanted)
  }
  const needles = await pages(view, { text: 'the needle' }, 2)
  expect(needles.map(({ event }) => event.id)).toEqual([
    'e3666',
    'e3055',
    'e2444',
    'e1833',
    'e1222',
    'e611',
  ])
})

test('a search that runs out of its budget says how far it looked, and goes on from there', async () => {
  const inbox = open()
  const shop = join(inbox, { lanes: [] })
  const items = Array.from({ length: 3000 }, (_, at) =>
    item(`e${at}`, ['a'], { topic: at === 7 ? 'rare.thing' : 'orders.paid' }),
  )
  for (let at = 0; at < 3000; at += 100)
    await shop.port.accept(
      { delivery: storedDelivery({ receivedAt: 1000 + at }), items: items.slice(at, at + 100) },
      {},
    )
  for (const [filter, wanted] of [
    [{ part: 'none' }, []],
    [{ topic: 'rare.thing' }, ['e7']],
    [{ topic: '*.thing' }, ['e7']],
    [{ topic: 'no.such' }, []],
  ] as const) {
    const first = await inbox.view!.list({ ...filter, budget: 0 })
    expect(first).toMatchObject({ rows: [], cursor: expect.any(String) })
    expect(first.searchedTo).toBeGreaterThan(1000)
    const found: (string | undefined)[] = []
    let { cursor, searchedTo: last = Infinity } = first
    while (cursor !== undefined) {
      const page = await inbox.view!.list({ ...filter, budget: 0, cursor })
      found.push(...page.rows.map(({ event }) => event.id))
      if (page.cursor !== undefined) expect(page.searchedTo).toBeLessThanOrEqual(last)
      last = page.searchedTo ?? last
      cursor = page.cursor
    }
    expect(found).toEqual(wanted)
  }
})

test('tasks of one order key are replayed in the order they came', async () => {
  const inbox = open()
  let broken = true
  const task = { subscription: 'a', orderKey: 'k' }
  const shop = join(inbox, { run: () => (broken ? DEAD_OUTCOME : DONE_OUTCOME) })
  // This event is older than the other late one. So it is replayed at once, and the other 1,000 seconds later.
  const oldest = item('0', ['a'], { topic: 'late' })
  const late = item('3', [task], { topic: 'late' })
  for (const one of [oldest, item('1', [task]), item('2', [task]), late])
    await shop.port.accept(intake(one), {})
  await shop.untilSettled(4)
  broken = false
  await inbox.view!.replay({ topic: 'late' }, { rate: 0.001 })
  await inbox.view!.replay({ topic: 'thing.happened' })
  await shop.untilSettled(7)
  expect(shop.ran().slice(4).toSorted()).toEqual(['a:0', 'a:1', 'a:2'])
  expect(
    shop
      .ran()
      .slice(4)
      .filter((ran) => ran !== 'a:0'),
  ).toEqual(['a:1', 'a:2'])
})

test('among more than 10,000 events, a list from a time on has the newest event', async () => {
  const inbox = open()
  const shop = join(inbox, { lanes: ['a'] })
  const now = Date.now()
  await Promise.all(Array.from({ length: 10_001 }, (_, n) => takeAt(shop, `old${n}`, now - HOUR)))
  await takeAt(shop, 'new', now)
  const { rows } = await inbox.view!.list({ after: now - 60_000 })
  expect(rows.map(({ event }) => event.id)).toEqual(['new'])
})
