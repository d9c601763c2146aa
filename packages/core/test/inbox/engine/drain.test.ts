import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createDrain } from '../../../src/inbox/engine/run/drain.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const DONE = { kind: 'done' } as const
const forever = (): Promise<never> => new Promise(() => {})
const soon = (): number => performance.now() + 60_000

/** Makes a drain, and a log of its calls with their times. `look` ends that many tasks in each round. */
function make(
  host: Partial<Parameters<typeof createDrain>[0]> = {},
  rounds: readonly number[] = [],
) {
  const began = Date.now()
  const log: string[] = []
  const tell = (what: string): void => void log.push(`${what} ${Date.now() - began}`)
  let round = 0
  const drain = createDrain({
    reclaim: async () => tell('reclaim'),
    limit: (count) => tell(`limit ${count}`),
    allow: (on) => tell(`allow ${on}`),
    look() {
      tell('look')
      for (let at = 0; at < (rounds[round] ?? 0); at++) drain.ended(DONE, true)
      round++
    },
    idle: async () => {},
    giveBackWaiting: () => tell('give back waiting'),
    abort: () => tell('abort'),
    giveBackRunning: () => tell('give back running'),
    rest: async () => ({ left: 3, next: 9 }),
    ...host,
  })
  return { drain, log, looks: () => log.filter((line) => line.startsWith('look')).length }
}

test('a drain claims once if nothing is due, and leaves no limit and no timer', async () => {
  const { drain, log } = make()
  expect(await drain.drain(soon(), 5)).toEqual({
    ran: 0,
    done: 0,
    retried: 0,
    dead: 0,
    postponed: 0,
    left: 3,
    next: 9,
  })
  expect(log).toEqual([
    'reclaim 0',
    'limit 5 0',
    'allow true 0',
    'look 0',
    'allow false 0',
    'limit Infinity 0',
  ])
  expect(vi.getTimerCount()).toBe(0)
})

test.each([
  ['as long as some run', [2, 1, 0], 10, 3],
  ['until the most ran', [2, 1, 1], 3, 2],
])('it claims %s', async (_, rounds, max, count) => {
  const { drain, looks } = make({}, rounds)
  expect(await drain.drain(soon(), max)).toMatchObject({ ran: 3, done: 3 })
  expect(looks()).toBe(count)
})

test('a stop lets no further round begin', async () => {
  const { drain, looks } = make({ idle: async () => drain.stop() }, [1, 1, 1])
  expect(await drain.drain(soon(), 10)).toMatchObject({ ran: 1 })
  expect(looks()).toBe(1)
})

test('the last second stops, aborts and gives back in this order, and the deadline ends it', async () => {
  const { drain, log } = make({ idle: forever }, [1])
  const drained = drain.drain(performance.now() + 5000, 10)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(await drained).toMatchObject({ ran: 1, left: 3 })
  expect(log.slice(4)).toEqual([
    'allow false 4000',
    'limit 0 4000',
    'give back waiting 4000',
    'abort 4500',
    'give back running 4750',
    'allow false 5000',
    'limit Infinity 5000',
  ])
})

test('after the last second began no further round does, though all ended in time', async () => {
  let quiet = (): void => {}
  const { drain, looks } = make(
    { idle: () => new Promise((resolve) => (quiet = resolve)), giveBackWaiting: () => quiet() },
    [1, 1],
  )
  const drained = drain.drain(performance.now() + 5000, 10)
  await vi.advanceTimersByTimeAsync(4000)
  expect(await drained).toMatchObject({ ran: 1 })
  expect(looks()).toBe(1)
})

test.each([
  [1000, undefined, false],
  [1001, undefined, true],
  [20, 20, false],
  [21, 20, true],
])(
  '%i ms before its deadline, of which the last are %s, it may claim: %s',
  async (time, last, may) => {
    const { drain, log } = make()
    await drain.drain(performance.now() + time, 10, last)
    expect(log[2]).toBe(`allow ${may} 0`)
  },
)

test('counts are of one drain, and what did not start is not counted', async () => {
  const { drain } = make({
    look() {
      drain.ended({ kind: 'retry', at: 1, error: { name: 'Error', message: '' } }, true)
      drain.ended({ kind: 'dead', error: { name: 'Error', message: '' } }, true)
      drain.ended({ kind: 'postpone', at: 1 }, true)
      drain.ended(undefined, true)
      drain.ended(DONE, false)
    },
  })
  drain.ended(DONE, true)
  const counts = { ran: 4, done: 0, retried: 1, dead: 1, postponed: 1 }
  expect(await drain.drain(soon(), 4)).toMatchObject(counts)
  expect(await drain.drain(soon(), 4)).toMatchObject(counts)
})

test('one that fails is told, and does not keep out the next', async () => {
  let calls = 0
  const { drain, looks } = make({
    async reclaim() {
      if (++calls === 1) throw new Error('the store is away')
    },
  })
  const [failed, next] = await Promise.allSettled([drain.drain(soon(), 1), drain.drain(soon(), 1)])
  expect([failed.status, next.status, looks()]).toEqual(['rejected', 'fulfilled', 1])
})
