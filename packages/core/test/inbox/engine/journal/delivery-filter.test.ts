import { describe, expect, test } from 'vitest'
import { checkDeliveryFilter, matchesDelivery } from '../../../../src/inbox/engine/index.ts'
import type { Arrival, DeliveryFilter } from '../../../../src/inbox/index.ts'

const ARRIVAL: Arrival = {
  id: '1',
  at: 1000,
  receiver: 'shop',
  provider: 'acme',
  method: 'POST',
  path: '/hooks/Acme',
  outcome: 'rejected',
  code: 'bad_signature',
  reason: 'No Key fits',
  verified: false,
  status: 401,
  took: 1,
  bytes: 2,
  topics: ['orders/Create', 'orders/paid'],
  ids: ['evt_1', 'evt_2'],
  keys: [],
}

describe('the check of a filter of deliveries', () => {
  test('a page has its defaults, and no more rows than a thousand', () => {
    expect(checkDeliveryFilter({})).toEqual({ limit: 50, cursor: undefined, budget: 500 })
    expect(checkDeliveryFilter({ limit: 1, cursor: '5~a', budget: 7 })).toEqual({
      limit: 1,
      cursor: '5~a',
      budget: 7,
    })
    expect(checkDeliveryFilter({ limit: 1001 }).limit).toBe(1000)
  })

  test('every key may be given', () => {
    const filter: Required<DeliveryFilter> = {
      receiver: 'shop',
      provider: 'acme',
      outcome: ['accepted', 'duplicate', 'handshake', 'unhandled', 'rejected'],
      code: 'bad_signature',
      eventId: 'evt_1',
      topic: 'orders/*',
      text: 'a',
      since: 0,
      until: 0,
      limit: 2,
      cursor: '5~a',
      budget: 3,
    }
    expect(checkDeliveryFilter(filter)).toEqual({ limit: 2, cursor: '5~a', budget: 3 })
    expect(checkDeliveryFilter({ outcome: 'handshake' }).limit).toBe(50)
  })

  test.each<[object, RegExp]>([
    [{ reciever: 'shop' }, /^filter: .*reciever.*receiver/],
    [{ outcome: 'lost' }, /outcome/],
    [{ outcome: ['accepted', 'lost'] }, /outcome/],
    [{ topic: 'a.b*' }, /topic/],
    [{ limit: 0 }, /limit/],
    [{ limit: 1.5 }, /limit/],
    [{ limit: '5' }, /limit/],
    [{ since: NaN }, /since/],
    [{ until: '2026-01-01' }, /until/],
  ])('%j is a TypeError', (filter, option) => {
    const check = (): unknown => checkDeliveryFilter(filter as DeliveryFilter)
    expect(check).toThrow(TypeError)
    expect(check).toThrow(option)
  })
})

describe('the test of a filter of deliveries', () => {
  test('a topic may have several lines', () => {
    expect(matchesDelivery({ topic: '**' })({ ...ARRIVAL, topics: ['a\nb'] })).toBe(true)
  })

  test('a delivery without a reason is looked through as well', () => {
    const { reason, ...arrival } = ARRIVAL
    expect(reason).toBeDefined()
    expect(matchesDelivery({ text: 'evt_1' })(arrival)).toBe(true)
    expect(matchesDelivery({ text: reason! })(arrival)).toBe(false)
  })
})
