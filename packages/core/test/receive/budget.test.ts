import { describe, expect, test } from 'vitest'
import { createBudget } from '../../src/receive/budget.ts'
import { acme, gate, setup } from '../acme.ts'

const KIB = 1024
const overloaded = expect.objectContaining({ code: 'overloaded', status: 503, retryAfter: 5 })

describe('the budget of bodies', () => {
  test('is spent by bytes that arrived, and given back once', () => {
    const budget = createBudget(4000 * KIB)
    const one = budget.open()
    one.take(3000 * KIB)
    const other = budget.open()
    expect(() => other.take(100 * KIB)).toThrow(overloaded)
    one.release()
    one.release()
    other.take(3000 * KIB)
    expect(() => budget.open().take(100 * KIB)).toThrow(overloaded)
  })

  test('keeps a quarter for bodies up to 64 KiB', () => {
    const budget = createBudget(1024 * KIB)
    const large = budget.open()
    large.take(768 * KIB)
    expect(() => budget.open().take(65 * KIB)).toThrow(overloaded)
    for (let at = 0; at < 4; at++) budget.open().take(64 * KIB)
    expect(() => budget.open().take(1)).toThrow(overloaded)
  })

  test('a body counts as small until it grows', () => {
    const budget = createBudget(1024 * KIB)
    for (let at = 0; at < 7; at++) {
      const one = budget.open()
      for (let part = 0; part < 10; part++) one.take(10 * KIB)
    }
    const small = Array.from({ length: 4 }, () => budget.open())
    for (const one of small) one.take(64 * KIB)
  })
})

test('a receiver answers 503 while the bodies it holds fill limits.buffered, and then takes again', async () => {
  const secrets = gate<string>()
  const provider = acme({ secret: () => secrets.opened })
  const { receiver } = setup({ provider, limits: { body: 200_000, buffered: 300_000 } })
  receiver.on('ping', () => {})
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
  const refused = await send()
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await refused.json()).toMatchObject({ code: 'overloaded' })
  secrets.open('late-secret')
  expect((await held).status).toBe(200)
  expect((await send()).status).toBe(200)
})

test.each([
  [{ buffered: 100 }, 'limits.buffered'],
  [{ buffered: -1 }, 'limits.buffered'],
  [{ unverified: { nodes: 0 } }, 'limits.unverified.nodes'],
  [{ unverified: { things: 1 } }, 'limits.unverified.things'],
  [{ bytes: 1 }, 'limits.bytes'],
  [{ time: 0 }, 'limits.time'],
])('%j is a TypeError that names the limit', (limits, option) => {
  expect(() => setup({ limits: limits as never })).toThrow(option)
})

test('limits.inflated follows limits.body if only that is given', () => {
  expect(setup({ limits: { body: 1000 } }).receiver.limits.inflated).toBe(1000)
  expect(setup({ limits: { body: 1000, inflated: 5000 } }).receiver.limits.inflated).toBe(5000)
  expect(setup().receiver.limits.inflated).toBe(8 * 1024 * KIB)
})
