import { type Delivery, type Json } from '@postern/core'
import { type Records } from '@postern/core/inbox'
import { expect, test } from 'vitest'
import { asana } from '../src/asana.ts'
import { deliver } from './deliver.ts'

const url = 'https://example.com/asana/7'
const shake = { url, headers: { 'x-hook-secret': 'planted' }, body: '{}' }

test('a handshake is answered only when it is expected, and once its secret is kept', async () => {
  const kept = new Map<string, string>()
  const provider = asana({
    secret: (delivery) => kept.get(delivery.url),
    acceptHandshake: ({ url }: Delivery) => url.endsWith('/7') && !kept.has(url),
    onSecret: async (secret, delivery) => void kept.set(delivery.url, secret),
  })
  const event = asana({ secret: 'planted' }).sign!({ url })
  const other = { ...shake, url: 'https://example.com/asana/8' }
  const { statuses, replies, codes } = await deliver(provider, [event, other, shake, shake, event])
  expect(statuses).toEqual([401, 403, 200, 403, 200])
  expect(codes).toEqual(['unknown_sender', 'handshake_rejected', 'handshake_rejected'])
  expect(replies[2]).toEqual({ status: 200, headers: { 'x-hook-secret': 'planted' } })
})

test('a secret that could not be kept makes no webhook', async () => {
  const onSecret = () => Promise.reject(new Error('database down'))
  const { statuses } = await deliver(asana({ acceptHandshake: true, onSecret }), [shake])
  expect(statuses[0]).toBeGreaterThanOrEqual(500)
})

test('no handshake is expected unless the app says so, and none is signed', async () => {
  const signed = { ...shake, headers: { ...shake.headers, 'x-hook-signature': 'abc' } }
  const { statuses } = await deliver(asana({ secret: 's' }), [shake])
  expect(statuses).toEqual([403])
  const accepting = asana({ secret: 's', acceptHandshake: true })
  expect((await deliver(accepting, [signed])).statuses).toEqual([401])
})

test('secrets of handshakes are kept in records, found by path and query, and not lost to another writer', async () => {
  const { records, values, interfere } = inMemory()
  const make = () => asana({ records, acceptHandshake: true })
  const on = (where: string, secret: string) => ({
    url: where,
    headers: { 'x-hook-secret': secret },
    body: '{}',
  })
  const [a, b] = ['https://one.example/asana?hook=a', 'https://one.example/asana?hook=b']
  interfere('secrets/asana/asana?hook=a', [{ secret: 'theirs', proven: false }])
  const shaken = await deliver(make(), [on(a!, 'first'), on(b!, 'second'), on(a!, 'first')])
  expect(shaken.statuses).toEqual([200, 200, 200])
  expect(values.get('secrets/asana/asana?hook=a')?.value).toEqual([
    { secret: 'theirs', proven: false },
    { secret: 'first', proven: false },
  ])
  const event = (secret: string, at: string) => asana({ secret }).sign!({ url: at })
  const { statuses } = await deliver(make(), [
    event('first', 'https://two.example/asana?hook=a'),
    event('theirs', a!),
    event('second', a!),
    event('second', 'https://one.example/asana?hook=c'),
  ])
  expect(statuses).toEqual([200, 200, 401, 401])
})

test('a secret that records cannot keep makes no webhook', async () => {
  const { records } = inMemory()
  const provider = asana({ records: { ...records, set: () => false }, acceptHandshake: true })
  expect((await deliver(provider, [shake])).statuses).toEqual([503])
})

test('a secret that verified a delivery stays; one that never did goes first', async () => {
  const { records } = inMemory()
  const provider = asana({ records, acceptHandshake: true })
  const shaken = (secret: string) => ({ url, headers: { 'x-hook-secret': secret }, body: '{}' })
  const signed = (secret: string) => asana({ secret }).sign!({ url, payload: {} })
  const planted = Array.from({ length: 40 }, (_, at) => `planted-${at}`)
  const first = await deliver(provider, [
    shaken('genuine'),
    signed('genuine'),
    ...planted.map(shaken),
    signed('genuine'),
    signed('planted-39'),
    signed('planted-0'),
  ])
  expect(first.statuses.slice(-3)).toEqual([200, 200, 401])
  const rest = planted.slice(20).flatMap((one) => [shaken(one), signed(one)])
  await deliver(provider, rest)
  const { statuses, codes } = await deliver(provider, [shaken('more'), signed('genuine')])
  expect(statuses).toEqual([503, 200])
  expect(codes).toEqual(['handshake_rejected'])
})

// Creates records with compare-and-set. `interfere` makes another process write before the next `set`.
function inMemory() {
  const values = new Map<string, { value: Json; version: number }>()
  let other: (() => void) | undefined
  const records: Records = {
    get: (key) => values.get(key),
    set(key, value, expected) {
      other?.()
      other = undefined
      if ((values.get(key)?.version ?? 0) !== expected) return false
      values.set(key, { value, version: expected + 1 })
      return true
    },
    delete: (key) => values.delete(key),
    list: () => [],
  }
  const interfere = (key: string, value: Json): void => {
    other = () => void values.set(key, { value, version: 1 })
  }
  return { records, values, interfere }
}
