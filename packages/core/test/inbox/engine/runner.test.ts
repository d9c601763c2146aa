import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Outcome } from '../../../src/inbox/engine/index.ts'
import { claimOf, createHeld, taskOf, type Task } from '../../../src/inbox/engine/run/task.ts'
import { createEngine, DONE, type Held } from './engine.ts'

afterEach(() => void vi.useRealTimers())

const FAILURE = { name: 'Error', message: 'no' }

/** Handlers that end when the test calls their `open`. */
function gates() {
  const open: ((outcome: Outcome) => void)[] = []
  const signals: AbortSignal[] = []
  return {
    open,
    signals,
    run: (_: unknown, signal: AbortSignal) => {
      signals.push(signal)
      return new Promise<Outcome>((resolve) => open.push(resolve))
    },
  }
}

describe('tasks claimed inside accept', () => {
  test('they run in another turn, are settled, and their claim ends', async () => {
    const { runner, accept, log, rows, until } = createEngine()
    runner.work()
    await until(() => !runner.slots()[0]!.backlog)
    accept('a')
    expect(log).toEqual([])
    await until(() => rows[0]!.state === 'done')
    expect(log).toEqual(['run a0', 'done a0', 'ended a0'])
    expect([...runner.held()]).toEqual([])
    expect(runner.slots()[0]).toMatchObject({ claimed: 0, running: 0 })
  })

  test('nothing is taken before the work, for unknown subscriptions, behind older tasks, and without room', async () => {
    const { run } = gates()
    const { runner, until } = createEngine({ run })
    expect(runner.take('a', 1)).toBeUndefined()
    runner.work()
    expect(runner.take('a', 1)).toBeUndefined()
    await until(() => !runner.slots()[0]!.backlog)
    expect(runner.take('nobody', 1)).toBeUndefined()
    expect(runner.take('a', 1)).toBe(runner.slots()[0])
    expect(runner.take('a', 1)).toBe(runner.slots()[0])
    expect(runner.take('a', 1)).toBeUndefined()
    expect(runner.slots()[0]!.backlog, 'it is claimed later').toBe(true)
    runner.reserve(runner.slots()[0]!, -2)
    await until(() => !runner.slots()[0]!.backlog)
    expect(runner.take('a', 1)).toBe(runner.slots()[0])
  })
})

describe('tasks claimed by fetch', () => {
  test('a waiting task whose lease may have ended is released, and runs with its next claim', async () => {
    let isHeld = false
    const { runner, add, rows, log, until } = createEngine({
      lanes: [{ name: 'a', concurrency: 1 }],
      runner: { ahead: { time: 1e6, most: 50 }, holds: () => !isHeld },
      run: ({ id }) => {
        // The handler holds the event loop for longer than the lease.
        isHeld = id === 'a3' && rows[3]!.back === 0
        return DONE
      },
    })
    for (let at = 0; at < 8; at++) add('a')
    runner.work()
    await until(() => rows[7]!.back === 1)
    expect(log.filter((line) => line.startsWith('run'))).toEqual([
      'run a0',
      'run a1',
      'run a2',
      'run a3',
    ])
    isHeld = false
    await until(() => rows.every(({ state }) => state === 'done'))
    expect(rows.map(({ back, attempt }) => [back, attempt])).toEqual([
      ...Array(4).fill([0, 1]),
      ...Array(4).fill([1, 1]),
    ])
    expect(runner.slots()[0]).toMatchObject({ claimed: 0, running: 0 })
  })

  test('quick handlers get tasks ahead, slow ones none', async () => {
    const { runner, add, rows, until } = createEngine({
      runner: { ahead: { time: 1e6, most: 50 } },
    })
    for (let at = 0; at < 100; at++) add('a')
    runner.work()
    await until(() => rows.every(({ state }) => state === 'done'))
    const slot = runner.slots()[0]!
    slot.backlog = true
    expect(runner.hungry()).toEqual([{ slot, room: 50 }])
    slot.pace = 1e9
    expect(runner.hungry()).toEqual([{ slot, room: 2 }])
    slot.pace = 0
    slot.lean = true
    expect(runner.hungry(), 'a lean one claims nothing ahead').toEqual([{ slot, room: 2 }])
  })

  test('of a remote store, a slot that is more than half full is not hungry', async () => {
    const { runner } = createEngine({
      lanes: [{ name: 'a', concurrency: 4 }],
      runner: { ahead: { time: 0, most: 0, remote: true } },
    })
    const slot = runner.slots()[0]!
    slot.queue.push({} as Held)
    runner.reserve(slot, 3)
    expect(runner.hungry()).toEqual([])
    runner.reserve(slot, -1)
    expect(runner.hungry()).toEqual([{ slot, room: 2 }])
    runner.reserve(slot, 1)
    slot.queue.pop()
    expect(runner.hungry(), 'nothing waits to start').toEqual([{ slot, room: 1 }])
  })

  test('in this process, each place is worth a claim', () => {
    const { runner } = createEngine({ lanes: [{ name: 'a', concurrency: 4 }] })
    const slot = runner.slots()[0]!
    slot.queue.push({} as Held)
    runner.reserve(slot, 3)
    expect(runner.hungry()).toEqual([{ slot, room: 1 }])
    runner.reserve(slot, 1)
    expect(runner.hungry()).toEqual([])
  })

  test('a drain that may run no more is not hungry', async () => {
    const { run, open } = gates()
    const { runner, add, until } = createEngine({ run })
    add('a')
    add('a')
    const drained = runner.drain(performance.now() + 60_000, 1)
    await until(() => open.length === 1)
    expect(runner.slots()[0]!.claimed).toBe(1)
    expect(runner.hungry()).toEqual([])
    open[0]!(DONE)
    expect(await drained).toMatchObject({ ran: 1, left: 1 })
  })

  test('what becomes ready during a claim is found by another one', async () => {
    const { runner, add, rows, fetches, until } = createEngine()
    runner.work()
    expect(fetches()).toBe(1)
    await until(() => !runner.slots()[0]!.backlog)
    add('a')
    runner.ready('a')
    runner.ready('a')
    expect(fetches()).toBe(2)
    await until(() => rows[0]!.state === 'done')
  })

  test('a synchronous handler that holds the thread leaves turns to others', async () => {
    const { runner, add, rows, until } = createEngine({
      lanes: [{ name: 'a', concurrency: 100 }],
      run() {
        const end = performance.now() + 3
        while (performance.now() < end);
        return DONE
      },
    })
    for (let at = 0; at < 6; at++) add('a')
    runner.work()
    let turns = 0
    await until(() => (turns++, rows.every(({ state }) => state === 'done')))
    expect(turns).toBeGreaterThan(3)
  })
})

test('what task.commit stored is not settled again, and its claim ends', async () => {
  let held: Held | undefined
  const settled: unknown[] = []
  const { runner, add, log, until } = createEngine({
    settle: (ended) => settled.push(ended),
    run() {
      ;[held] = runner.held()
      held!.committed = DONE
      return { kind: 'retry', at: 0, error: FAILURE }
    },
  })
  add('a')
  runner.work()
  await until(() => log.includes('ended a0'))
  expect(log).toEqual(['run a0', 'done a0', 'ended a0'])
  expect(settled).toEqual([])
})

test('an outcome tells when its run started and how long it took', async () => {
  const ran: unknown[] = []
  const { runner, add, until } = createEngine({
    settle: (ended, store) => (ran.push(ended.ran), store()),
  })
  add('a')
  const before = Date.now()
  runner.work()
  await until(() => ran.length === 1)
  const { startedAt, duration } = ran[0] as { startedAt: number; duration: number }
  expect(startedAt).toBeGreaterThanOrEqual(before - 1)
  expect(startedAt).toBeLessThanOrEqual(Date.now() + 1)
  expect(duration).toBeGreaterThanOrEqual(0)
})

describe('closing', () => {
  test('what was claimed and did not start is given back at once, and nothing is claimed any more', async () => {
    const { run, open } = gates()
    const { runner, add, rows, fetches, until } = createEngine({
      lanes: [{ name: 'a', concurrency: 1 }],
      run,
      runner: { ahead: { time: 0, most: 0 } },
    })
    for (let at = 0; at < 3; at++) add('a')
    runner.work()
    await until(() => open.length === 1)
    const slot = runner.slots()[0]!
    runner.reserve(slot, 1)
    runner.start([
      {
        slot,
        row: rows[1]!,
        weight: 1,
        place: -1,
        over: false,
        returned: false,
        committed: undefined,
        started: 0,
        startedAt: 0,
      },
    ])
    rows[1]!.state = 'running'
    rows[1]!.attempt = 1
    const count = fetches()
    const closed = runner.close(performance.now() + 60_000)
    await until(() => rows[1]!.state === 'pending')
    expect(rows[1]).toMatchObject({ attempt: 0, back: 1 })
    open[0]!(DONE)
    await closed
    runner.ready('a')
    runner.look()
    expect(runner.take('a', 1)).toBeUndefined()
    expect(fetches()).toBe(count)
    expect(rows[2]!.state).toBe('pending')
  })

  test('tasks of a claim that was on its way are given back, and closing waits for it', async () => {
    const { runner, add, rows } = createEngine()
    add('a')
    runner.work()
    await runner.close(performance.now() + 60_000)
    expect(rows[0]).toMatchObject({ state: 'pending', attempt: 0 })
    expect([...runner.held()]).toEqual([])
  })
})

describe('draining', () => {
  const soon = (): number => performance.now() + 60_000

  test('it waits until its outcomes are stored', async () => {
    const stores: (() => void)[] = []
    const { runner, add, until } = createEngine({ settle: (_, store) => stores.push(store) })
    add('a')
    let over = false
    const drained = runner.drain(soon(), 1).then((result) => ((over = true), result))
    await until(() => stores.length === 1)
    await new Promise(setImmediate)
    expect(over).toBe(false)
    stores[0]!()
    expect(await drained).toMatchObject({ ran: 1, done: 1 })
  })

  test('one that fails is told, and does not keep out the next', async () => {
    let calls = 0
    const { runner, add } = createEngine({
      runner: {
        async reclaim() {
          if (++calls === 1) throw new Error('the store is away')
        },
      },
    })
    add('a')
    const ends = await Promise.allSettled([runner.drain(soon(), 1), runner.drain(soon(), 1)])
    expect(ends).toMatchObject([{ status: 'rejected' }, { value: { ran: 1, done: 1 } }])
  })

  test('nothing starts in the last second, and the deadline gives back what runs', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const { run, open, signals } = gates()
    const { runner, add, rows, until } = createEngine({
      lanes: [{ name: 'a', concurrency: 1 }],
      run,
    })
    add('a')
    add('a')
    let result: unknown
    const drained = runner.drain(performance.now() + 3000, 10).then((told) => (result = told))
    await until(() => open.length === 1)
    await vi.advanceTimersByTimeAsync(2000)
    expect(signals[0]!.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(500)
    expect(signals[0]!.aborted).toBe(true)
    await vi.advanceTimersByTimeAsync(250)
    await until(() => result !== undefined)
    expect(await drained).toMatchObject({ ran: 1, postponed: 1, done: 0, left: 2 })
    expect(rows).toMatchObject([
      { state: 'pending', attempt: 0, back: 1 },
      { state: 'pending', attempt: 0, back: 0 },
    ])
    open[0]!(DONE)
    vi.useRealTimers()
    // A later run gets a new signal.
    const again = runner.drain(soon(), 1)
    await until(() => open.length === 2)
    expect(signals[1]!.aborted).toBe(false)
    open[1]!(DONE)
    expect(await again).toMatchObject({ ran: 1, done: 1, left: 1 })
  })

  test('what it claimed ahead is given back in the last second, and did not run', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const { run, open, signals } = gates()
    const { runner, add, rows, until } = createEngine({
      lanes: [{ name: 'a', concurrency: 1 }],
      run: (claim, signal) => (claim.id === 'a0' ? DONE : run(claim, signal)),
      runner: { ahead: { time: 1e6, most: 2 } },
    })
    for (let at = 0; at < 3; at++) add('a')
    let result: unknown
    void runner.drain(performance.now() + 3000, 10).then((drained) => (result = drained))
    await until(() => open.length === 1 && rows[2]!.state === 'running')
    await vi.advanceTimersByTimeAsync(2000)
    await until(() => rows[2]!.state === 'pending')
    expect(signals[0]!.aborted).toBe(false)
    open[0]!(DONE)
    await until(() => result !== undefined)
    expect(result).toMatchObject({ ran: 2, done: 2, postponed: 0, left: 1 })
    expect(rows[2]).toMatchObject({ attempt: 0, back: 1 })
  })
})

test('places of what is held are used again', () => {
  const held = createHeld<{ place: number }>()
  const [a, b, c] = [{ place: -1 }, { place: -1 }, { place: -1 }]
  held.add(a)
  held.add(b)
  held.delete(a)
  held.delete(a)
  held.add(c)
  expect([c.place, b.place, a.place]).toEqual([0, 1, -1])
  expect([...held]).toEqual([c, b])
  expect(held.size()).toBe(2)
})

test('a claim that failed is not tried again at once, but at the next look', async () => {
  let fetches = 0
  const { runner, until } = createEngine({
    runner: {
      fetch(over) {
        fetches++
        const [{ slot } = { slot: undefined }] = runner.hungry()
        runner.reserve(slot!, 2)
        setImmediate(() => {
          runner.reserve(slot!, -2)
          over(true)
        })
      },
    },
  })
  runner.work()
  await until(() => runner.slots()[0]!.claimed === 0)
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
  expect(fetches).toBe(1)
  runner.look()
  expect(fetches).toBe(2)
})

describe('what is looked for', () => {
  /** Returns a worker that waits because no task is ready. */
  async function resting() {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
    const engine = createEngine({ lanes: [{ name: 'a' }, { name: 'b' }] })
    const { runner, fetches, until } = engine
    expect(runner.active()).toBe(false)
    runner.work()
    const hasRest = (): boolean => runner.slots().every(({ backlog }) => !backlog)
    await until(hasRest)
    await new Promise(setImmediate)
    expect([runner.active(), fetches()]).toEqual([true, 1])
    return { ...engine, looked: () => runner.slots().map(({ backlog }) => backlog) }
  }

  test('a subscription with ready tasks, and no other', async () => {
    const { runner, fetches, looked } = await resting()
    runner.ready('b')
    expect(looked()).toEqual([false, true])
    expect(fetches()).toBe(2)
  })

  test('a task when it is due and not before', async () => {
    const { runner, fetches, looked } = await resting()
    runner.dueAt(Date.now() + 100)
    vi.advanceTimersByTime(99)
    expect([fetches(), ...looked()]).toEqual([1, false, false])
    vi.advanceTimersByTime(1)
    expect(fetches()).toBe(2)
  })

  test('after closing nothing, and no timer stays', async () => {
    const { runner, fetches } = await resting()
    runner.dueAt(Date.now() + 100)
    expect(vi.getTimerCount()).toBe(1)
    const closed = runner.close(performance.now() + 1000)
    runner.dueAt(Date.now() + 50)
    await closed
    expect(vi.getTimerCount()).toBe(0)
    expect(fetches()).toBe(1)
    expect(runner.take('a', 1)).toBeUndefined()
  })

  test('room that was counted and given back, for which closing waits', async () => {
    const { runner, fetches, until } = await resting()
    const slot = runner.slots()[0]!
    slot.backlog = true
    runner.reserve(slot, 1)
    runner.reserve(slot, 0)
    expect(fetches()).toBe(1)
    runner.reserve(slot, -1)
    expect(fetches()).toBe(2)
    await until(() => !slot.backlog)
    runner.reserve(slot, 1)
    let over = false
    const closed = runner.close(performance.now() + 60_000).then(() => (over = true))
    for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
    expect(over).toBe(false)
    runner.reserve(slot, -1)
    await closed
  })
})

test('a drain beside a worker neither aborts nor gives back what runs at its deadline', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })
  const { run, open, signals } = gates()
  const { runner, add, rows, until } = createEngine({ run })
  add('a')
  runner.work()
  await until(() => open.length === 1)
  let result: unknown
  void runner.drain(performance.now() + 2000, 10).then((drained) => (result = drained))
  await vi.advanceTimersByTimeAsync(2000)
  await until(() => result !== undefined)
  expect(result).toMatchObject({ ran: 0 })
  expect(signals[0]!.aborted).toBe(false)
  expect(rows[0]).toMatchObject({ state: 'running', back: 0 })
  open[0]!(DONE)
  await until(() => rows[0]!.state === 'done')
  expect(runner.active()).toBe(true)
})

describe('one claim at a time', () => {
  /** Returns a worker whose claims find nothing. Each claim ends when the test calls its `over`. */
  function slow() {
    const overs: ((failed?: boolean) => void)[] = []
    const { runner } = createEngine({
      lanes: [{ name: 'a' }, { name: 'b' }],
      runner: {
        fetch(over) {
          for (const { slot } of runner.hungry()) slot.backlog = false
          overs.push(over)
        },
      },
    })
    runner.work()
    return { runner, overs }
  }

  test('what became ready after it had asked is claimed for once more', () => {
    const { runner, overs } = slow()
    runner.ready('b')
    runner.ready('b')
    expect(overs).toHaveLength(1)
    overs[0]!()
    expect(overs).toHaveLength(2)
    overs[1]!()
    expect(overs).toHaveLength(2)
  })

  test('it is not, if the room has gone meanwhile, the claim failed, or the subscription is unknown', () => {
    const { runner, overs } = slow()
    runner.ready('a')
    runner.reserve(runner.slots()[0]!, 2)
    overs[0]!()
    expect(overs).toHaveLength(1)
    runner.ready('a')
    runner.ready('nobody')
    expect(overs).toHaveLength(1)
    runner.ready('b')
    runner.ready('b')
    expect(overs).toHaveLength(2)
    runner.ready('b')
    overs[1]!(true)
    expect(overs).toHaveLength(2)
    runner.look()
    expect(overs).toHaveLength(3)
  })
})

test('a receiver without subscriptions has no slots', () => {
  expect(createEngine({ lanes: [] }).runner.slots()).toEqual([])
})

test('what is given back for a reason aborts what runs with it, and later runs have another signal', async () => {
  const { open, signals, run } = gates()
  const { runner, add, rows, log, until } = createEngine({
    lanes: [{ name: 'a', concurrency: 1 }],
    run,
  })
  add('a')
  runner.work()
  await until(() => open.length === 1)
  runner.giveBack('a newer version runs')
  expect(signals[0]!.reason).toEqual(new Error('a newer version runs'))
  await until(() => rows[0]!.back === 1)
  open[0]!(DONE)
  runner.look()
  await until(() => open.length === 2)
  expect(signals[1]!.aborted).toBe(false)
  open[1]!(DONE)
  await until(() => rows[0]!.state === 'done')
  expect(log.filter((line) => line === 'run a0')).toHaveLength(2)
  await runner.close(performance.now() + 1000)
})

test('a claim that was lost before its run says so at once, and later ones when they are', () => {
  const told: unknown[] = []
  const lost = { id: 2 ** 40, fold: null, lost: 'its lease has ended' } as Task
  const claim = claimOf(lost)
  claim.onLost!((reason) => told.push(reason))
  expect([claim.id, told]).toEqual([String(2 ** 40), [new Error('its lease has ended')]])
  const held = { ...lost, lost: undefined } as Task
  claimOf(held).onLost!((reason) => told.push(reason))
  expect(told).toHaveLength(1)
  held.stop!(new Error('now'))
  expect(told).toHaveLength(2)
})

test.each<[string, object, object]>([
  ['a part and data', { part: 'eu', data: '{"a":1}' }, { part: 'eu', data: { a: 1 } }],
  ['neither', {}, { part: undefined, data: undefined, fresh: true, place: -1, lost: undefined }],
  ['an earlier failure', { failed: true }, { fresh: false }],
  ['an interruption', { cut: 1 }, { fresh: false, cut: 1 }],
])('a claimed row with %s is a task', (_, more, task) => {
  const event = { key: 'k', payload: 1 }
  const row = {
    id: 1,
    lane: 1,
    gate: 0,
    attempt: 1,
    round: 0,
    cut: 0,
    line: null,
    fair: null,
    fold: null,
    failed: false,
    part: '',
    data: null,
    record: '',
    head: '',
    body: new Uint8Array(10),
    whole: { event, delivery: { body: new Uint8Array(10) } },
    ...more,
  } as unknown as Parameters<typeof taskOf>[0]
  const claimed = { subscription: 'a', token: 3, free: undefined, leased: 5 } as never
  expect(taskOf(row, claimed)).toMatchObject({ event, weight: 80, token: 3, ...task })
  expect(() => taskOf({ ...row, record: null }, claimed)).toThrow(
    new TypeError('its event is not in the store'),
  )
})

describe('a burst without a worker', () => {
  test('runs what is ready, and says when the next task is due', async () => {
    const { runner, add, rows } = createEngine({ lanes: [{ name: 'a', concurrency: 1 }] })
    add('a')
    expect(runner.active()).toBe(false)
    const end = runner.burst(5)!
    expect(runner.active()).toBe(true)
    runner.look()
    runner.dueAt(9e12)
    runner.dueAt(8e12)
    expect(await end()).toEqual({ next: 8e12 })
    expect([rows[0]!.state, runner.active()]).toEqual(['done', false])
    const again = runner.burst(5)!
    runner.look()
    expect(await again()).toEqual({ next: undefined })
  })

  test('is one with those that begin in it: the last one ends it', async () => {
    const { runner } = createEngine()
    const [one, other] = [runner.burst(5)!, runner.burst(5)!]
    expect(await one()).toBe(undefined)
    expect(runner.active()).toBe(true)
    // Nothing was claimed, so that tasks may be ready now.
    expect(await other()).toEqual({ next: expect.closeTo(Date.now(), -4) as number })
    expect(runner.active()).toBe(false)
  })

  test('begins no more tasks than it may', async () => {
    const { open, run } = gates()
    const { runner, add, until } = createEngine({ run })
    add('a')
    const end = runner.burst(1)!
    runner.look()
    await until(() => open.length === 1)
    expect([runner.active(), runner.burst(1)]).toEqual([false, undefined])
    open[0]!(DONE)
    await end()
    expect(runner.burst(1)).toBeTypeOf('function')
  })
})
