import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCapacity } from '../../../../src/inbox/engine/accept/capacity.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }))
afterEach(() => void vi.useRealTimers())

/** A receiver with at most ten open tasks, half of them of one tenant, in a store that counts what it is told to. */
function scene() {
  const state = { pending: 0, counts: 0, turns: [] as object[], down: false }
  const asked: unknown[] = []
  const capacity = createCapacity({
    store: {
      pending: async (receiver: string, most: number) => {
        state.counts++
        if (state.down) throw new Error('down')
        expect([receiver, most]).toEqual(['shop', 11])
        return state.pending
      },
      backlog: async (keys: unknown) => (asked.push(keys), state.turns),
      rejection: (error: Error) => new Error(`rejected: ${error.message}`),
    } as never,
    settings: { maxPending: 10, maxPendingShare: 0.5 },
    consumer: { receiver: 'shop', now: Date.now } as never,
    lanes: { find: (name: string) => ({ a: 1, b: 2 })[name] } as never,
  })
  const reserve = (tasks: number) => capacity.reserve({ plain: true, tasks, items: [] })
  return {
    capacity,
    state,
    asked,
    reserve,
    /** Reserves room for tasks of a tenant, each given as its subscription. */
    share: (fairKey: string | undefined, ...names: readonly string[]) => {
      const drafts = names.map((subscription) => ({ subscription, ...(fairKey && { fairKey }) }))
      const items = [{ drafts }] as never
      return (async () => capacity.reserve({ plain: false, tasks: names.length, items }))()
    },
    told: (lane: number, fair: string, tasks: number) =>
      capacity.told({ lane, fair, tasks } as never),
  }
}

const full = (got: number) =>
  expect.objectContaining({
    code: 'inbox_full',
    option: 'maxPending',
    limit: 10,
    got,
    expected: 'tasks',
    retryAfter: 5,
  }) as Error
const shareFull = (got: number) =>
  expect.objectContaining({
    code: 'inbox_full',
    option: 'maxPendingShare',
    limit: 5,
    got,
    expected: 'tasks of one tenant',
  }) as Error

describe('the room of a receiver', () => {
  test('is counted by the store at first, and near its bound at most four times a second', async () => {
    const { reserve, state } = scene()
    state.pending = 3
    await Promise.all([reserve(2), reserve(2)])
    expect(state.counts).toBe(1)
    expect(reserve(3)).toBe(undefined)
    vi.advanceTimersByTime(250)
    expect(() => reserve(1)).toThrow(full(10))
    expect(state.counts).toBe(1)
    vi.advanceTimersByTime(1)
    state.pending = 10
    await expect(reserve(1)).rejects.toThrow(full(10))
    expect(state.counts).toBe(2)
    vi.advanceTimersByTime(251)
    state.pending = 9
    await reserve(1)
    expect(() => reserve(1)).toThrow(full(10))
    expect(state.counts).toBe(3)
  })

  test('is counted again each ten seconds beside a delivery, which does not wait for it', async () => {
    const { reserve, state } = scene()
    await reserve(1)
    vi.advanceTimersByTime(10_000)
    expect(reserve(1)).toBe(undefined)
    expect(state.counts).toBe(1)
    vi.advanceTimersByTime(1)
    state.down = true
    expect(reserve(1)).toBe(undefined)
    expect(state.counts).toBe(2)
    await vi.waitFor(() => reserve(1))
    await expect(reserve(9)).rejects.toThrow('rejected: down')
    state.down = false
    state.pending = 2
    vi.advanceTimersByTime(1)
    await reserve(1)
    await expect((async () => reserve(9))()).rejects.toThrow(full(3))
  })

  test('is given back by what ends or was known, and taken by what is open again', async () => {
    const { capacity, reserve } = scene()
    await reserve(10)
    expect(() => reserve(1)).toThrow(full(10))
    capacity.free(2)
    expect(reserve(1)).toBe(undefined)
    capacity.free(-1)
    expect(() => reserve(1)).toThrow(full(10))
    const items = [1, 2, 3].map((count) => ({ drafts: Array.from({ length: count }) })) as never
    capacity.stored({ items }, ['new', 'duplicate', 'new'])
    expect(reserve(2)).toBe(undefined)
    expect(() => reserve(1)).toThrow(full(10))
  })
})

describe('the share of a tenant', () => {
  test('bounds its tasks in all subscriptions, and nobody else', async () => {
    const { share, told } = scene()
    told(1, 't', 3)
    await share('t', 'a')
    told(2, 't', 2)
    await share('t', 'a', 'b')
    told(2, 't', 3)
    await expect(share('t', 'a', 'b')).rejects.toThrow(shareFull(6))
    await share('t', 'a', 'a')
    await share('u', 'a')
    await share('t', 'unknown')
    await share(undefined, 'a')
    told(1, 't', 5)
    await expect(share('t', 'a')).rejects.toThrow(shareFull(5))
    told(1, 't', 2)
    await share('t', 'a')
  })

  test('is looked at earlier if one event makes several of its tasks', async () => {
    const { share, told } = scene()
    told(1, 't', 1)
    told(2, 't', 4)
    await share('t', 'a', 'b')
    await share('u', 'a', 'a', 'a')
    told(1, 't', 1)
    await expect(share('t', 'a', 'b')).rejects.toThrow(shareFull(5))
  })

  test('is asked of the store once what is known is a quarter of a second old', async () => {
    const { share, told, state, asked } = scene()
    told(1, 't', 5)
    told(1, 'u', 5)
    vi.advanceTimersByTime(250)
    await expect(share('t', 'a')).rejects.toThrow(shareFull(5))
    expect(asked).toEqual([])
    vi.advanceTimersByTime(1)
    state.turns = [{ lane: 1, fair: 't', tasks: 6 }]
    await expect(share('t', 'a')).rejects.toThrow(shareFull(6))
    state.turns = []
    await share('u', 'a')
    expect(asked).toEqual([[{ lane: 1, fair: 't' }], [{ lane: 1, fair: 'u' }]])
    await share('u', 'a')
    expect(asked).toHaveLength(2)
  })
})
