import { PostponeError } from '@postern/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createCallGate, type CallGate, type Pass, type Places } from '../src/gate.ts'
import { createGates } from '../src/gates.ts'

const settings = {
  concurrency: 2,
  failures: 3,
  pause: 1000,
  maxPause: 4000,
  now: () => Date.now(),
}
let places: Places
let gate: CallGate

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  places = { total: 100, held: 0 }
  gate = createCallGate(settings, places)
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the breaker', () => {
  test('opens after failures in a row, lets one probe through, and closes when it is well', () => {
    for (let at = 0; at < 3; at++) pass(gate).leave('down')
    expect(rejected(gate)).toBeGreaterThanOrEqual(1000)
    vi.advanceTimersByTime(1000)
    const probe = pass(gate)
    vi.advanceTimersByTime(60_000)
    expect(rejected(gate)).toBeGreaterThan(0)
    probe.leave('up')
    const both = [pass(gate), pass(gate)]
    for (const one of both) one.leave('up')
    expect([gate.open, gate.busy]).toEqual([false, false])
  })

  test('a failed probe doubles the pause, up to the longest', () => {
    for (let at = 0; at < 3; at++) pass(gate).leave('down')
    for (const pause of [1000, 2000, 4000, 4000]) {
      vi.advanceTimersByTime(pause - 1)
      expect(gate.open).toBe(true)
      vi.advanceTimersByTime(1)
      pass(gate).leave('down')
    }
    vi.advanceTimersByTime(4000)
    pass(gate).leave('up')
    for (let at = 0; at < 3; at++) pass(gate).leave('down')
    vi.advanceTimersByTime(1000)
    expect(gate.open).toBe(false)
  })

  test('a success in between starts the count again', () => {
    for (const found of ['down', 'down', 'up', 'down', 'down'] as const) pass(gate).leave(found)
    pass(gate).leave('up')
    expect(gate.open).toBe(false)
  })

  test('failures of calls that were running when it opened do not make the pause longer', () => {
    const wide = createCallGate({ ...settings, concurrency: 10 }, places)
    const passes = Array.from({ length: 8 }, () => pass(wide))
    for (const one of passes) one.leave('down')
    vi.advanceTimersByTime(1000)
    expect(wide.open).toBe(false)
  })

  test('a probe that came to nothing leaves the next one to be the probe', () => {
    for (let at = 0; at < 3; at++) pass(gate).leave('down')
    vi.advanceTimersByTime(1000)
    pass(gate).leave('unknown')
    pass(gate).leave('up')
    expect(gate.open).toBe(false)
  })

  test('a time to come again holds for all, after one failure, and though another call ends well', () => {
    const [other, told] = [pass(gate), pass(gate)]
    told.leave('down', Date.now() + 7000)
    other.leave('up')
    expect(rejected(gate)).toBeGreaterThanOrEqual(7000)
    vi.advanceTimersByTime(7000)
    for (const one of [pass(gate), pass(gate)]) one.leave('up')
  })
})

describe('calls at once', () => {
  test('who comes next waits for a moment if calls are quick, and is sent away if they are slow', async () => {
    const quick = pass(gate)
    vi.advanceTimersByTime(10)
    quick.leave('up')
    const first = pass(gate)
    pass(gate)
    const third = gate.enter()
    expect(third).toBeInstanceOf(Promise)
    first.leave('up')
    ;(await third).leave('up')
    const fourth = pass(gate)
    vi.advanceTimersByTime(2000)
    expect(rejected(gate)).toBeGreaterThan(0)
    fourth.leave('up')
  })

  test('who waited too long is sent away, and so is everybody when the breaker opens', async () => {
    pass(gate).leave('up')
    pass(gate)
    pass(gate)
    const late = gate.enter() as Promise<Pass>
    const sent = expect(late).rejects.toBeInstanceOf(PostponeError)
    await vi.advanceTimersByTimeAsync(500)
    await sent
    expect(places.held).toBe(2)

    const other = createCallGate({ ...settings, failures: 1 }, places)
    pass(other).leave('up')
    const [one] = [pass(other), pass(other)]
    const waiting = other.enter() as Promise<Pass>
    const away = expect(waiting).rejects.toBeInstanceOf(PostponeError)
    one!.leave('down')
    await away
    expect(places.held).toBe(3)
  })

  test('those sent away come again one after another, as fast as it works, and not in one wave', () => {
    const measured = pass(gate)
    vi.advanceTimersByTime(1000)
    measured.leave('up')
    pass(gate)
    pass(gate)
    vi.advanceTimersByTime(1000)
    const waits = Array.from({ length: 50 }, () => rejected(gate))
    // Two parallel calls of 1 s each free a place every 500 ms. Each wait adds a fifth less, which is 400 ms, after the
    // first 250 ms.
    expect(waits.slice(0, 3)).toEqual([650, 1050, 1450])
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000)
  })
})

test('slow destinations, however many, leave a place for one that holds none', () => {
  const gates = createGates(16, { ...settings, concurrency: 8 })
  let entered = 0
  for (const name of ['a', 'b', 'c', 'd'])
    for (let at = 0; at < 8; at++) {
      try {
        void gates.enter(name)
        entered++
      } catch {
        break
      }
    }
  expect(entered).toBeLessThan(16)
  expect(gates.enter('healthy')).toHaveProperty('leave')
})

test('the destination that was not called for longest is forgotten first, but none that is called now', () => {
  const gates = createGates(16, { ...settings, failures: 1, pause: 60_000 }, 2)
  const enter = (name: string): Pass => gates.enter(name) as Pass
  const busy = enter('busy')
  enter('old').leave('down')
  enter('new').leave('down')
  expect(['busy', 'old', 'new'].map((name) => gates.isOpen(name))).toEqual([false, false, true])
  busy.leave('down')
  expect(gates.isOpen('busy')).toBe(true)
})

function pass(of: CallGate): Pass {
  return of.enter() as Pass
}

/** Returns for how long the next task is postponed. */
function rejected(of: CallGate): number {
  try {
    void of.enter()
  } catch (error) {
    if (error instanceof PostponeError) return error.delay
  }
  throw new Error('it let one in')
}
