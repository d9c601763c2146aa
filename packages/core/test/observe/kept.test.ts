import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDelivery, WebhookError } from '../../src/index.ts'
import { createKept } from '../../src/observe/kept.ts'
import { acme } from '../acme.ts'

const MINUTE = 60_000
const mismatch = new WebhookError('signature_mismatch', 'x')

const GENUINE = {
  'user-agent': 'Acme-Hookshot/1',
  'x-acme-id': 'evt_0123ab',
  'x-acme-signature': 'a',
}
const STRANGE = { 'user-agent': 'curl/8', 'x-acme-id': '?', 'x-acme-signature': 'b' }

const delivery = (headers: Record<string, string>, url = 'https://example.com/') =>
  createDelivery({ url, headers, body: '{"a":1}' })

function keptOf(most = 40) {
  return createKept({
    receiver: 'acme',
    kept: most,
    provider: acme({ claims: 'x-acme-id' }),
    seal: undefined,
  })
}

/** Simulates minutes with hostile and genuine rejections. Returns whose rejection each slot keeps at the end. */
function flood(minutes: number, hostile: number, genuine: number, copied: boolean): string[] {
  const kept = keptOf()
  kept.verified(delivery({ ...GENUINE, 'x-acme-id': 'evt_99ffee' }), 0)
  const slots = new Map<string, string>()
  const one = (at: number, name: string, headers: Record<string, string>): void => {
    const slot = kept.slot(at, mismatch, delivery(headers))
    if (slot !== undefined) slots.set(slot, name)
  }
  for (let minute = 0; minute < minutes; minute++)
    for (let at = 0; at < hostile; at++) {
      const time = minute * MINUTE + Math.floor((at * MINUTE) / hostile)
      one(time, `hostile`, copied ? GENUINE : STRANGE)
      if (at % Math.floor(hostile / genuine) === 0) one(time, `genuine ${minute}`, GENUINE)
    }
  return [...slots.values()]
}

describe('beside a flood', () => {
  test('all rejections that look genuine keep their bodies', () => {
    const names = flood(3, 20_000, 20, false)
    for (const minute of [0, 1, 2])
      expect(names.filter((name) => name === `genuine ${minute}`).length).toBeGreaterThanOrEqual(20)
    expect(names.filter((name) => name === 'hostile').length).toBeGreaterThan(40)
  })

  test('with copied heads, those of each minute keep their uniform share', () => {
    // A third of the rejections is genuine, so 13 of the 40 slots of a minute are expected to be genuine. Only once in
    // 10,000 runs there are 3 or fewer.
    const names = flood(3, 2000, 1000, true)
    for (const minute of [0, 1, 2])
      expect(names.filter((name) => name === `genuine ${minute}`).length).toBeGreaterThan(3)
    expect(names.length).toBeGreaterThan(100)
  })

  test('one code takes no place of another', () => {
    const kept = keptOf(2)
    for (let at = 0; at < 1000; at++) kept.slot(at, mismatch, delivery(STRANGE))
    const other = new WebhookError('malformed_header', 'x')
    expect(kept.slot(1000, other, delivery(GENUINE))).toBe('acme\nmalformed_header\nlike 0 0')
  })
})

test.each([
  ['the head of a proxy more', { ...GENUINE, 'x-forwarded-for': '1', via: '2' }, true],
  ['another user agent', { ...GENUINE, 'user-agent': 'curl/8' }, true],
  [
    'another agent and an id of its form',
    { ...GENUINE, 'user-agent': 'a', 'x-acme-id': 'evtt_9' },
    true,
  ],
  ['another agent and form', { ...GENUINE, 'user-agent': 'a', 'x-acme-id': 'evt-9' }, false],
  [
    'another agent and longer form',
    { ...GENUINE, 'user-agent': 'a', 'x-acme-id': 'evt_0_1' },
    false,
  ],
  ['another agent and no id', { 'user-agent': 'a', 'x-acme-signature': 'a' }, false],
  ['another agent and id', { ...GENUINE, 'user-agent': 'curl/8', 'x-acme-id': '!' }, false],
  ['another head and id', { ...GENUINE, 'x-more': '1', 'x-acme-id': '!' }, false],
])('of one with %s, likeness is told', (_, headers, like) => {
  const kept = keptOf()
  kept.verified(delivery(GENUINE), 0)
  expect(kept.slot(1, mismatch, delivery(headers))).toContain(like ? 'like' : 'any')
})

test('before anything was verified, a whole head counts as like', () => {
  expect(keptOf().slot(0, mismatch, delivery(GENUINE))).toContain('like')
  const { 'x-acme-id': _, ...without } = GENUINE
  expect(keptOf().slot(0, mismatch, delivery(without))).toContain('any')
})

test('what is too large, or has no body, gets no slot', () => {
  const kept = keptOf()
  expect(kept.slot(0, mismatch, delivery(GENUINE, `https://e.com/${'a'.repeat(66_000)}`))).toBe(
    undefined,
  )
  expect(kept.slot(0, mismatch, { method: 'POST', url: '/', body: new Uint8Array() })).toBe(
    undefined,
  )
  expect(keptOf(0).slot(0, mismatch, delivery(GENUINE))).toBe(undefined)
})

test('a URL and a head count as a body does, and a method that is not taken is not kept', () => {
  const kept = keptOf()
  const long = delivery(STRANGE, `https://e.com/?reading=${'1'.repeat(60_000)}`)
  const slots = Array.from({ length: 20 }, () => kept.slot(0, mismatch, long))
  // Requests of 60 KB share the slots for 64 KiB: four for those that look genuine, and two others.
  expect(new Set(slots.filter((slot) => slot !== undefined)).size).toBe(6)
  const unused = new WebhookError('method_not_allowed', 'x')
  expect(kept.slot(0, unused, delivery(GENUINE))).toBe(undefined)
})

test('a request is kept in its minute, whatever larger or smaller ones came, up to the bytes of its size', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 270_000 }), { maxLength: 300 }),
      fc.boolean(),
      (sizes, isNew) => {
        const kept = keptOf(1000)
        if (!isNew) kept.verified(delivery({ ...GENUINE, 'x-acme-id': 'evt_99ffee' }), 0)
        const slots = new Map<string, number>()
        for (const [at, size] of sizes.entries()) {
          const slot = kept.slot(at, mismatch, sized(size))
          if (slot !== undefined) slots.set(slot, at)
        }
        const stays = new Set(slots.values())
        for (const [at, size] of sizes.entries()) {
          if (size > 260_000) continue
          const alike = sizes.filter((other) => doubled(other) === doubled(size))
          if (alike.length <= 262_144 / doubled(size)) expect(stays).toContain(at)
        }
      },
    ),
  )
})

/** Returns a delivery of about `size` bytes in all, which looks genuine. */
function sized(size: number) {
  const url = 'https://example.com/'
  const head = Object.entries(GENUINE).flat().join('').length + url.length
  return createDelivery({ url, headers: GENUINE, body: new Uint8Array(Math.max(size - head, 0)) })
}

/** Returns the next power of two, at least 2 KiB. */
function doubled(size: number): number {
  return 2 ** Math.max(Math.ceil(Math.log2(Math.max(size, 1))), 11)
}

describe('of requests of one size', () => {
  const { 'x-acme-id': _, ...headers } = GENUINE
  /** Returns the number of the slot for the next request of a minute, or undefined. */
  const placesOf = (most: number) => {
    const kept = keptOf(most)
    return (at: number) => kept.slot(at, mismatch, delivery(headers))?.split(' ').at(-1)
  }

  test('a uniform sample of each minute is kept', () => {
    const hits = new Map<number, number>()
    for (let run = 0; run < 2000; run++) {
      const place = placesOf(10)
      const places = new Map<string, number>()
      for (let at = 0; at < 50; at++) {
        const found = place(at)
        if (found !== undefined) places.set(found, at)
      }
      expect(places.size).toBe(5)
      for (const at of places.values()) hits.set(at, (hits.get(at) ?? 0) + 1)
    }
    // Each slot is expected 200 times, and 94 is seven standard deviations.
    for (const count of hits.values()) expect(Math.abs(count - 200)).toBeLessThan(94)
    expect(hits.size).toBe(50)
  })

  test('the last ones stay if few came', () => {
    const place = placesOf(4)
    const places = Array.from({ length: 8 }, (_one, minute) => place(minute * MINUTE))
    expect(places).toEqual(['0', '1', '2', '3', '4', '5', '0', '1'])
  })
})

test('what is genuine is learned ten times a second at most, also once a clock went back', () => {
  const kept = keptOf()
  const agent = (name: string) => delivery({ ...GENUINE, 'user-agent': name, 'x-acme-id': name })
  const isKnown = (name: string) =>
    kept.slot(0, mismatch, delivery({ 'user-agent': name, 'x-acme-id': name }))!.includes('like')
  for (const [name, at] of [
    ['a-', 1000],
    ['b', 1099],
    ['c!', 1100],
    ['d?', 1001],
    ['e/', 1000],
  ] as const)
    kept.verified(agent(name), at)
  expect(['a-', 'b', 'c!', 'd?', 'e/'].map(isKnown)).toEqual([true, false, true, false, true])
})
