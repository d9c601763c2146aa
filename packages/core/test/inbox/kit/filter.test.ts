import { describe, expect, test } from 'vitest'
import {
  checkFilter,
  inSteps,
  likeText,
  matches,
  orphansOf,
  transactions,
  where,
  type Columns,
  type Consumer,
  type TaskFilter,
  type TaskInfo,
} from '../../../src/inbox/index.ts'

const TASK: TaskInfo = {
  id: '7',
  receiver: 'shop',
  subscription: 'ship',
  part: 'eu',
  state: 'dead',
  attempt: 3,
  attempts: 3,
  settledAt: 2000,
  duration: 5,
  due: undefined,
  error: undefined,
  cause: 'abc',
  provider: 'acme',
  event: { id: 'evt_1', topic: 'orders/create', scope: undefined, key: ':evt_1' },
  receivedAt: 1000,
}

const COLUMNS: Columns = {
  receiver: 'r.name = ?',
  subscription: 'l.name = ?',
  part: 't.part = ?',
  provider: 'e.provider = ?',
  state: (state) => `t.state = ${state === 'dead' ? 3 : 0}`,
  topic: ({ exact, source }) =>
    exact === undefined ? ['e.topic ~ ?', source] : ['e.topic = ?', exact],
  eventId: 'e.event_id = ?',
  keys: (keys) => [`e.key IN (${keys.map(() => '?').join()})`, ...keys],
  id: (id) => ['t.id = ?', Number(id)],
  cause: 't.cause = ?',
  text: (text) => ["e.topic LIKE ? ESCAPE '\\'", likeText(text)],
  before: 'e.received < ?',
  after: 'e.received > ?',
}

describe('filters', () => {
  test('an unknown key is a TypeError with the nearest name', () => {
    expect(() => checkFilter({ subscripton: 'a' } as TaskFilter)).toThrow(
      'filter: unknown option subscripton; did you mean subscription?',
    )
    expect(() => matches({ status: 'dead' } as TaskFilter)).toThrow(TypeError)
    expect(() => where({ status: 'dead' } as TaskFilter, COLUMNS)).toThrow(TypeError)
  })

  test.each<[object, RegExp]>([
    [{ state: 'failed' }, /state must be one of pending, running, done, dead, got "failed"/],
    [{ topic: 'a.b*' }, /topic pattern/],
    [{ keys: 'a' }, /keys must be an array/],
    [{ keys: Array.from({ length: 101 }, String) }, /at most 100/],
    [{ before: NaN }, /before must be milliseconds/],
  ])('%j is refused', (filter, message) => {
    expect(() => checkFilter(filter as TaskFilter)).toThrow(message)
  })

  test.each<[TaskFilter, boolean]>([
    [{}, true],
    [{ receiver: 'shop', subscription: 'ship', part: 'eu', provider: 'acme' }, true],
    [{ receiver: 'bank' }, false],
    [{ part: 'us' }, false],
    [{ provider: 'other' }, false],
    [{ state: 'dead' }, true],
    [{ state: 'done' }, false],
    [{ topic: 'orders/create' }, true],
    [{ topic: 'orders/*' }, true],
    [{ topic: '**' }, true],
    [{ topic: 'orders' }, false],
    [{ topic: '*' }, false],
    [{ eventId: 'evt_1', id: '7', cause: 'abc' }, true],
    [{ cause: 'def' }, false],
    [{ keys: [':evt_0', ':evt_1'] }, true],
    [{ keys: [] }, false],
    [{ text: 'CREATE' }, true],
    [{ text: 'evt_' }, true],
    [{ text: 'größe' }, true],
    [{ text: '42' }, true],
    [{ text: 'nowhere' }, false],
    [{ before: 1001, after: 999 }, true],
    [{ before: 1000 }, false],
    [{ after: 1000 }, false],
  ])('%j matches: %s', (filter, expected) => {
    expect(matches(filter)(TASK, () => ({ size: 'Größe', big: 42n }))).toBe(expected)
  })

  test('a payload is read only if the text is nowhere else', () => {
    const payload = (): never => {
      throw new Error('it was read')
    }
    expect(matches({ text: 'orders' })(TASK, payload)).toBe(true)
    expect(matches({ text: 'x', state: 'done' })(TASK, payload)).toBe(false)
  })

  test('as SQL, with its values in order', () => {
    const filter: TaskFilter = {
      receiver: 'shop',
      state: 'dead',
      topic: 'orders/*',
      keys: ['a', 'b'],
    }
    expect(where(filter, COLUMNS, [['t.id < ?', 9]])).toEqual({
      sql: 't.id < ? AND r.name = ? AND t.state = 3 AND e.topic ~ ? AND e.key IN (?,?)',
      values: [9, 'shop', '^orders\\/[^./:]+$', 'a', 'b'],
    })
    expect(where({ id: '7', before: 5 }, COLUMNS, [], 3)).toEqual({
      sql: 't.id = $3 AND e.received < $4',
      values: [7, 5],
    })
    expect(where({}, COLUMNS)).toEqual({ sql: '1 = 1', values: [] })
  })

  test('signs of LIKE in a text are no wildcards', () => {
    expect(likeText('50%_\\')).toBe('%50\\%\\_\\\\%')
  })
})

describe('steps', () => {
  const walk = (total: number, log: number[] = []) => {
    return (place: { cursor: string | undefined; rows: number; dryRun: boolean }) => {
      const from = Number(place.cursor ?? 0)
      const count = Math.min(place.rows, total - from)
      log.push(count)
      return { count, cursor: from + count < total ? String(from + count) : undefined }
    }
  }

  test('all in steps of 200, and no cursor at the end', async () => {
    const log: number[] = []
    expect(await inSteps({}, walk(450, log))).toEqual({ count: 450, cursor: undefined })
    expect(log).toEqual([200, 200, 50])
  })

  test('a limit is kept exactly, and the cursor goes on', async () => {
    const first = await inSteps({ limit: 250 }, walk(450))
    expect(first).toEqual({ count: 250, cursor: '250' })
    expect(await inSteps({ limit: 250, cursor: first.cursor! }, walk(450))).toEqual({
      count: 200,
      cursor: undefined,
    })
  })

  test('after its time it makes no further step', async () => {
    expect(await inSteps({ until: Date.now() - 1 }, walk(450))).toEqual({
      count: 200,
      cursor: '200',
    })
  })

  test('with a rate tasks become due one after another, over several calls', async () => {
    const dues: number[] = []
    const step = (place: { cursor: string | undefined; rows: number; due(at: number): number }) => {
      const from = Number(place.cursor ?? 0)
      for (let at = 0; at < place.rows; at++) dues.push(place.due(at))
      return { count: place.rows, cursor: String(from + place.rows) }
    }
    const before = Date.now()
    const first = await inSteps({ rate: 10, limit: 3 }, step)
    await inSteps({ rate: 10, limit: 2, cursor: first.cursor! }, step)
    expect(dues[0]).toBeGreaterThanOrEqual(before)
    expect(dues.map((due) => due - dues[0]!)).toEqual([0, 100, 200, 300, 400])
  })

  test('without one they are due at once; bad options are errors', async () => {
    let due: number | undefined
    await inSteps({}, (place) => ((due = place.due(3)), { count: 1, cursor: undefined }))
    expect(due).toBe(0)
    await expect(inSteps({ rate: 0 }, walk(1))).rejects.toThrow(/^rate: must be/)
    await expect(inSteps({ limit: 0 }, walk(1))).rejects.toThrow(/^limit: must be/)
  })
})

test('orphans are subscriptions with pending tasks that no receiver has, under no name', () => {
  const lane = { name: 'now', formerly: ['once'], concurrency: 1, ordered: false, timeout: 1 }
  const shop = { receiver: 'shop', lanes: () => [lane] } as unknown as Consumer
  const row = (receiver: string, subscription: string, pending = 1) => ({
    receiver,
    subscription,
    pending,
  })
  const rows = [
    row('shop', 'now'),
    row('shop', 'once'),
    row('shop', 'gone', 2),
    row('bank', 'now'),
    row('bank', 'idle', 0),
  ]
  expect(orphansOf(rows, [shop])).toEqual([rows[2], rows[3]])
})

test('a transaction is carried for its own inbox only', () => {
  const mine = transactions<string>('myInbox')
  const waitUntil = (): void => {}
  const host = mine.host('tx', { waitUntil })
  expect(mine.of(host)).toBe('tx')
  expect(host.waitUntil).toBe(waitUntil)
  expect(transactions<string>('other').of(host)).toBeUndefined()
  expect(mine.of({})).toBeUndefined()
})
