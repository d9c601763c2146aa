import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { EraseOptions, InboxView, TaskFilter } from '../../src/inbox/index.ts'
import '../../src/observe/keep.ts'
import { createErasure, keepNothing } from '../../src/receive/erasure.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

type Call = readonly [filter: TaskFilter, options: EraseOptions]

/** Lets time pass, and waits for the module that the first erasure imports. */
async function pass(time: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(time)
  await vi.dynamicImportSettled()
  await vi.advanceTimersByTimeAsync(0)
}

/**
 * Creates an erasure on a fake view that records its calls. The view has `pages` of events, and throws while `down`.
 */
function setup() {
  const calls: Call[] = []
  const warnings: string[] = []
  const state = { down: false, pages: 0 }
  const view = {
    erase: (...call: Call) => {
      calls.push(call)
      if (state.down) throw new Error('the store is down')
      state.pages--
      return { count: 0, cursor: state.pages > 0 ? `after ${state.pages}` : undefined }
    },
  } as unknown as InboxView
  const erasure = createErasure({
    receiver: 'shop',
    view,
    keepBody: keepNothing,
    seal: undefined,
    warn: (message) => void warnings.push(message),
  })
  return { erasure, calls, warnings, state, filters: () => calls.map(([filter]) => filter) }
}

const passing = (key: string) => ({ key, passing: true as const })

test('keys of a second are erased together, each once, a hundred in a call', async () => {
  const { erasure, filters } = setup()
  for (let at = 0; at < 150; at++)
    for (let twice = 0; twice < 2; twice++) erasure.ended(passing(`k${at}`))
  erasure.ended({ key: 'stored before `storage.content` was set' })
  expect(filters()).toEqual([])
  await pass(1000)
  expect(filters().map(({ keys }) => keys!.length)).toEqual([100, 50])
  expect(new Set(filters().flatMap(({ keys }) => keys)).size).toBe(150)
})

test('an erasure that fails is tried again with its keys, and warned of once', async () => {
  const { erasure, filters, state, warnings } = setup()
  state.down = true
  erasure.ended(passing('a'))
  await pass(1000)
  await pass(20_000)
  expect(filters().length).toBe(3)
  expect(warnings).toEqual([expect.stringContaining('the store is down')])
  state.down = false
  await pass(10_000)
  expect(filters().slice(3)).toEqual([{ receiver: 'shop', keys: ['a'] }, { receiver: 'shop' }])
  await pass(60_000)
  expect(filters().length).toBe(5)
})

test('what a process left behind is looked for at the start and every ten minutes', async () => {
  const { erasure, calls } = setup()
  erasure.start()
  await pass(1000)
  expect(calls).toEqual([
    [{ receiver: 'shop' }, { passing: true, keep: expect.any(Function) as never }],
  ])
  await pass(601_000)
  expect(calls.length).toBe(2)
  await erasure.close(performance.now() + 1000)
  await pass(1_200_000)
  expect(calls.length).toBe(2)
})

test('beyond ten thousand keys the next look finds the others', async () => {
  const { erasure, filters } = setup()
  for (let at = 0; at < 10_001; at++) erasure.ended(passing(`k${at}`))
  await pass(1000)
  expect(filters().length).toBe(101)
  expect(filters().at(-1)).toEqual({ receiver: 'shop' })
})

test('closing erases what waits', async () => {
  const { erasure, filters } = setup()
  erasure.ended(passing('a'))
  await erasure.close(performance.now() + 1000)
  expect(filters()).toEqual([{ receiver: 'shop', keys: ['a'] }])
})

test('an erasure goes on where its page ended, until its time is over', async () => {
  const { erasure, calls, state } = setup()
  state.pages = 3
  const until = Date.now() + 1000
  await erasure.flush(performance.now() + 1000)
  const options = { passing: true, keep: expect.any(Function) as never, until }
  expect(calls.map(([, given]) => given)).toEqual([
    options,
    { ...options, cursor: 'after 2' },
    { ...options, cursor: 'after 1' },
  ])
  state.pages = 3
  erasure.ended(passing('a'))
  erasure.ended(passing('b'))
  await erasure.flush(performance.now())
  expect(calls).toHaveLength(3)
  await erasure.flush(performance.now() + 1)
  expect(calls.slice(3).map(([filter]) => filter.keys)).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
    undefined,
  ])
})

test('what is left is looked for once, and again if that failed', async () => {
  const { erasure, filters, state } = setup()
  state.down = true
  erasure.start()
  erasure.start()
  await pass(1000)
  state.down = false
  await pass(10_000)
  const look = { receiver: 'shop' }
  expect(filters()).toEqual([look, look])
  erasure.ended(passing('a'))
  await pass(1000)
  expect(filters().slice(2)).toEqual([{ receiver: 'shop', keys: ['a'] }])
  await erasure.close(performance.now() + 1000)
  erasure.ended(passing('b'))
  await pass(60_000)
  expect(filters()).toHaveLength(3)
})

test('a second outage is warned of again', async () => {
  const { erasure, state, warnings } = setup()
  for (const count of [1, 2]) {
    state.down = true
    erasure.ended(passing('a'))
    await pass(1000)
    state.down = false
    await pass(10_000)
    expect(warnings).toHaveLength(count)
  }
})
