import { afterEach, describe, expect, test, vi } from 'vitest'
import { orphansOf } from '../../../../src/inbox/engine/lease/watch.ts'
import { checkChange, topicMatch } from '../../../../src/inbox/engine/operate/filter.ts'
import { inSteps } from '../../../../src/inbox/engine/operate/replay-delete-erase.ts'
import { matches, transactions, type Consumer } from '../../../../src/inbox/engine/index.ts'
import type { TaskFilter, TaskInfo } from '../../../../src/inbox/index.ts'

afterEach(() => void vi.useRealTimers())

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
  event: { id: 'evt_1', topic: 'orders/create', tenant: undefined, key: ':evt_1' },
  receivedAt: 1000,
}

describe('filters', () => {
  test.each([
    [{ text: '' }, "text must have a value, got ''"],
    [{ text: undefined }, 'text must have a value, got undefined'],
    [{ id: undefined }, 'id must have a value, got undefined'],
    [{ text: null }, 'text must have a value, got null'],
    [{ part: null }, 'part must have a value, got null'],
    [Object.create({ id: '1' }), 'id must have a value, got undefined'],
    [null, 'filter must be an object, got null; give {} for all tasks'],
    ['all', 'filter must be an object, got all'],
  ])('a change of all tasks is no accident: %o', (filter, message) => {
    const check = (): void => checkChange('replay', filter as TaskFilter)
    expect(check).toThrow(`replay: ${message}`)
    expect(check).toThrow(TypeError)
  })

  test('a topic is any text', () => {
    const event = { ...TASK.event, topic: 'orders/\n' }
    expect(matches({ topic: 'orders/*' })({ ...TASK, event })).toBe(true)
  })

  test('an unknown key is a TypeError with the nearest name', () => {
    expect(() => matches({ subscripton: 'a' } as TaskFilter)).toThrow(
      'filter: unknown option subscripton; did you mean subscription?',
    )
    expect(() => matches({ status: 'dead' } as TaskFilter)).toThrow(TypeError)
  })

  test.each<[object, RegExp]>([
    [{ state: 'failed' }, /state must be one of pending, running, done, dead, got "failed"/],
    [{ topic: 'a.b*' }, /topic pattern/],
    [{ keys: 'a' }, /keys must be an array/],
    [{ keys: Array.from({ length: 101 }, String) }, /at most 100/],
    [{ before: NaN }, /before must be milliseconds/],
    [{ after: '5' }, /after must be milliseconds/],
    [{ keys: { length: 1 } }, /keys must be an array/],
  ])('%j is rejected', (filter, message) => {
    expect(() => matches(filter as TaskFilter)).toThrow(message)
  })

  test('every key may be given, and a hundred event keys', () => {
    const filter: Required<TaskFilter> = {
      receiver: 'shop',
      subscription: 'ship',
      part: 'eu',
      provider: 'acme',
      state: 'pending',
      topic: '**',
      eventId: 'evt_1',
      keys: Array.from({ length: 100 }, String),
      id: '7',
      cause: 'abc',
      text: 'a',
      before: 0,
      after: 0,
    }
    matches(filter)
    for (const state of ['running', 'done', 'dead'] as const) matches({ ...filter, state })
  })

  test.each<[unknown, boolean]>([
    ['some TEXT', true],
    [['text'], true],
    [undefined, false],
    [null, false],
  ])('a payload of %j has the text: %s', (payload, expected) => {
    expect(matches({ text: 'text' })(TASK, () => payload)).toBe(expected)
  })

  test.each<[TaskFilter, Partial<TaskInfo>, boolean]>([
    [{ part: '' }, { part: undefined }, true],
    [{ part: '' }, {}, false],
    [{ text: 'create' }, { event: { ...TASK.event, id: undefined } }, true],
    [{ text: 'text' }, {}, false],
    [{ text: 'EVT_' }, {}, true],
    [{ before: 1000 }, {}, false],
    [{ before: 1001 }, {}, true],
    [{ after: 1000 }, {}, false],
    [{ after: 999 }, {}, true],
  ])('%j and a task with %j: %s', (filter, task, expected) => {
    expect(matches(filter)({ ...TASK, ...task })).toBe(expected)
  })

  test('a payload that is not there has no text, not even a space, and one with a BigInt has its digits', () => {
    expect(matches({ text: '42' })(TASK, () => ({ big: 42n }))).toBe(true)
    expect(matches({ text: ' ' })(TASK, () => undefined)).toBe(false)
    expect(matches({ text: 'y "t' })(TASK, () => 'say "that"')).toBe(true)
  })

  test.each([
    ['orders/create', 'orders/create', 'orders/create'],
    ['orders/*', undefined, 'orders/'],
    ['**', undefined, ''],
  ])('a pattern %s is the topic %s, or begins with %s', (pattern, exact, prefix) => {
    expect(topicMatch(pattern)).toMatchObject({ exact, prefix })
  })

  test('a payload is read only if the text is nowhere else', () => {
    const payload = (): never => {
      throw new Error('it was read')
    }
    expect(matches({ text: 'orders' })(TASK, payload)).toBe(true)
    expect(matches({ text: 'x', state: 'done' })(TASK, payload)).toBe(false)
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

  test('a cursor is given back as it was, also one with the sign of a time', async () => {
    const cursors: unknown[] = []
    const step = ({ cursor }: { cursor: string | undefined }) => {
      cursors.push(cursor)
      return { count: 1, cursor: 'a@b' }
    }
    expect(await inSteps({ limit: 1, cursor: '5@c' }, step)).toEqual({ count: 1, cursor: 'a@b' })
    const { cursor } = await inSteps({ limit: 1, rate: 3, cursor: 'c' }, step)
    expect(cursor).toMatch(/^\d+@a@b$/)
    await inSteps({ limit: 1, rate: 3, cursor: cursor! }, step)
    expect(cursors).toEqual(['5@c', 'c', 'a@b'])
  })

  test('the time of a cursor that has passed, or is none, is now', async () => {
    const before = Date.now()
    for (const cursor of ['5@c', 'x@c']) {
      let due = 0
      await inSteps(
        { rate: 1, cursor },
        (place) => ((due = place.due(0)), { count: 1, cursor: undefined }),
      )
      expect(due).toBeGreaterThanOrEqual(before)
      expect(due).toBeLessThanOrEqual(Date.now())
    }
  })

  test('other work has its turn between two steps, and a limit that is reached ends them', async () => {
    const log: string[] = []
    setImmediate(() => log.push('other'))
    const changed = await inSteps({ limit: 300 }, ({ cursor, rows }) => {
      log.push(`${cursor} ${rows}`)
      return { count: rows, cursor: 'next' }
    })
    expect(changed).toEqual({ count: 300, cursor: 'next' })
    expect(log).toEqual(['undefined 200', 'other', 'next 100'])
    expect(await inSteps({ until: Date.now() - 1 }, walk(500))).toEqual({
      count: 200,
      cursor: '200',
    })
  })

  test('with a rate each task is due after the one before, from one call to the next', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 })
    const dues: number[] = []
    const step =
      (end: string | undefined) => (place: Parameters<Parameters<typeof inSteps>[1]>[0]) => {
        dues.push(place.due(0), place.due(1))
        return { count: place.rows, cursor: place.cursor === 'b' ? end : 'b' }
      }
    const { cursor } = await inSteps({ rate: 4, limit: 300 }, step('c'))
    expect(cursor).toBe('1075000@c')
    expect(await inSteps({ rate: 4, limit: 1, cursor: '1075000@b' }, step(undefined))).toEqual({
      count: 1,
      cursor: undefined,
    })
    await inSteps({ rate: 3, limit: 1, cursor: '@b' }, step(undefined))
    const first = [1_000_000, 1_000_250, 1_050_000, 1_050_250]
    expect(dues).toEqual([...first, 1_075_000, 1_075_250, 1_000_000, 1_000_334])
  })

  test.each([
    { rate: 0 },
    { rate: -1 },
    { rate: Infinity },
    { rate: NaN },
    { limit: 0 },
    { limit: 1.5 },
    { limit: -1 },
    { limit: '5' as never },
  ])('%j is rejected before the first step', async (options) => {
    const log: number[] = []
    const changed = inSteps(options, walk(1, log))
    await expect(changed).rejects.toThrow(TypeError)
    await expect(changed).rejects.toThrow(`${Object.keys(options)[0]!}: must be`)
    expect(log).toEqual([])
  })

  test('a rate below one is allowed, and without one tasks are due at once', async () => {
    expect(await inSteps({ rate: 0.5, limit: 1 }, walk(1))).toMatchObject({ count: 1 })
    let due: number | undefined
    await inSteps({}, (place) => ((due = place.due(3)), { count: 1, cursor: undefined }))
    expect(due).toBe(0)
  })
})

test('orphans are subscriptions with pending tasks that no receiver has, under no name', () => {
  const lane = { name: 'now', previousNames: ['once'], concurrency: 1, ordered: false, timeout: 1 }
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
