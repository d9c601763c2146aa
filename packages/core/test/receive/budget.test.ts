import { describe, expect, test } from 'vitest'
import { createBudget } from '../../src/receive/admit.ts'
import { acme, gate, pinged, setup } from '../acme.ts'

const KIB = 1024
const overloaded = expect.objectContaining({ code: 'overloaded', status: 503, retryAfter: 5 })

function budgetOf(kib: number) {
  let now = 0
  const admission = createBudget(kib * KIB, () => now)
  return {
    later: (ms: number) => void (now += ms),
    /** Opens an account that records whether it was dropped. Sizes are in KiB. */
    open: (given: number, { proven = false, whole = false } = {}) => {
      const account = admission(Infinity, proven, undefined, 0, now)
      const one = { dropped: false, account, take: (bytes: number) => account.take(bytes * KIB) }
      account.onDrop((error) => {
        expect(error).toEqual(overloaded)
        one.dropped = true
      })
      if (given > 0) one.take(given)
      if (whole) account.complete()
      return one
    },
  }
}

describe('the budget of bodies', () => {
  test('is spent by bytes that arrived, and given back once', () => {
    const { open } = budgetOf(4000)
    const one = open(3000, { whole: true })
    const other = open(0)
    expect(() => other.take(100)).toThrow(overloaded)
    one.account.release()
    one.account.release()
    other.take(3000)
    other.account.complete()
    expect(() => open(3000)).toThrow(overloaded)
  })

  test('keeps a quarter for bodies up to 64 KiB', () => {
    const { open } = budgetOf(1024)
    const large = open(768, { whole: true })
    expect(() => open(65)).toThrow(overloaded)
    for (let at = 0; at < 4; at++) open(64, { whole: true })
    expect(() => open(1)).toThrow(overloaded)
    expect(large.dropped).toBe(false)
  })

  test('a body counts as small until it grows, and can be dropped then too', () => {
    const { open, later } = budgetOf(1024)
    const grown = Array.from({ length: 7 }, () => open(10))
    for (const one of grown) for (let part = 0; part < 9; part++) one.take(10)
    for (let at = 0; at < 4; at++) open(64, { whole: true })
    later(100)
    open(200)
    expect(grown.filter(({ dropped }) => dropped).length).toBeGreaterThan(0)
  })
})

describe('a full budget drops', () => {
  test('the slowest since their start, and no more than it needs', () => {
    const { open, later } = budgetOf(1024)
    const slow = Array.from({ length: 4 }, (_, at) => open(10 * (at + 1)))
    later(1000)
    const fast = Array.from({ length: 5 }, () => open(30))
    later(1)
    const genuine = open(20)
    expect(slow.map(({ dropped }) => dropped)).toEqual([true, true, false, false])
    expect([...fast, genuine].some(({ dropped }) => dropped)).toBe(false)
    expect(() => slow[0]!.take(1)).toThrow(overloaded)
  })

  test('none while there is room, and none that has grown out of it', () => {
    const { open, later } = budgetOf(1024)
    const grown = open(60)
    grown.take(60)
    const slow = Array.from({ length: 4 }, () => open(62))
    later(1000)
    expect(slow.concat(open(4), grown).some(({ dropped }) => dropped)).toBe(false)
    open(60)
    expect([grown, ...slow].map(({ dropped }) => dropped)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ])
  })

  test('the one that asks, if it is the slowest', () => {
    const { open, later } = budgetOf(1024)
    const trickles = open(1)
    later(1000)
    const others = Array.from({ length: 4 }, () => open(63))
    expect(() => trickles.take(10)).toThrow(overloaded)
    expect(others.some(({ dropped }) => dropped)).toBe(false)
  })

  test('those whose head proved the sender last', () => {
    const { open, later } = budgetOf(1024)
    const proven = open(60, { proven: true })
    later(5000)
    const strangers = Array.from({ length: 3 }, () => open(64))
    const genuine = open(64, { proven: true })
    expect(strangers.some(({ dropped }) => dropped)).toBe(true)
    expect([proven.dropped, genuine.dropped]).toEqual([false, false])
  })

  test('no proven one for a stranger', () => {
    const { open, later } = budgetOf(1024)
    const proven = Array.from({ length: 4 }, () => open(64, { proven: true }))
    later(5000)
    expect(() => open(64)).toThrow(overloaded)
    expect(proven.some(({ dropped }) => dropped)).toBe(false)
  })

  test('none that is whole', () => {
    const { open, later } = budgetOf(1024)
    const whole = Array.from({ length: 4 }, () => open(64, { whole: true }))
    later(5000)
    expect(() => open(64)).toThrow(overloaded)
    expect(whole.some(({ dropped }) => dropped)).toBe(false)
  })
})

test('a receiver answers 503 while the bodies it holds fill limits.totalBuffered, and then takes again', async () => {
  const secrets = gate<string>()
  const provider = acme({ secret: () => secrets.opened })
  const { receiver } = pinged({ provider, limits: { body: 200_000, totalBuffered: 300_000 } })
  const signed = acme({ secret: 'late-secret' }).sign!({
    id: 'e1',
    topic: 'ping',
    payload: { a: 'a'.repeat(150_000) },
  })
  const send = (): Promise<Response> =>
    receiver.fetch(
      new Request(signed.url, {
        method: 'POST',
        headers: signed.headers,
        body: Buffer.from(signed.body),
      }),
    )
  const held = send()
  const rejected = await send()
  expect([rejected.status, rejected.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await rejected.json()).toMatchObject({ code: 'overloaded' })
  secrets.open('late-secret')
  expect((await held).status).toBe(200)
  expect((await send()).status).toBe(200)
})

test.each([
  [{ totalBuffered: 100 }, 'limits.totalBuffered'],
  [{ totalBuffered: -1 }, 'limits.totalBuffered'],
  [{ unverified: { nodes: 0 } }, 'limits.unverified.nodes'],
  [{ unverified: { things: 1 } }, 'limits.unverified: unknown option things'],
  [{ bytes: 1 }, 'limits: unknown option bytes'],
  [{ bodyTimeout: 0 }, 'limits.bodyTimeout'],
])('%j is a TypeError that names the limit', (limits, option) => {
  expect(() => setup({ limits: limits as never })).toThrow(option)
})

test('limits.decompressed follows limits.body if only that is given', () => {
  expect(setup({ limits: { body: 1000 } }).receiver.limits.decompressed).toBe(1000)
  expect(setup({ limits: { body: 1000, decompressed: 5000 } }).receiver.limits.decompressed).toBe(
    5000,
  )
  expect(setup().receiver.limits.decompressed).toBe(8 * 1024 * KIB)
})
