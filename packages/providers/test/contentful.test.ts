import { describe, expect, test } from 'vitest'
import { contentful } from '../src/contentful.ts'
import { deliver } from './deliver.ts'

const provider = contentful({ secret: 'a'.repeat(64) })
const now = 1_775_000_000_123

describe('contentful', () => {
  test('rejects exactly its 30 s, either way', async () => {
    const ages = [29_999, 30_000, -29_999, -30_000]
    const deliveries = ages.map((age) => provider.sign!({ at: now - age }))
    expect((await deliver(provider, deliveries, now)).statuses).toEqual([200, 401, 200, 401])
  })

  test('trusts no header that was not signed', async () => {
    const list = 'x-contentful-signed-headers,x-contentful-timestamp'
    const partly = provider.sign!({ at: now, headers: { 'x-contentful-signed-headers': list } })
    const weak = provider.sign!({
      at: now,
      headers: { 'x-contentful-signed-headers': `${list},x-contentful-topic` },
    })
    const { statuses, codes, events } = await deliver(provider, [partly, weak], now)
    expect(statuses).toEqual([400, 200])
    expect(codes).toEqual(['missing_topic'])
    expect(events[0]!.id).toBeUndefined()
  })

  test('sorts signed headers by their names', async () => {
    const names = 'x-a-b,x-a,x-contentful-topic,x-contentful-timestamp,x-contentful-signed-headers'
    const headers = { 'x-a': '1', 'x-a-b': '2', 'x-contentful-signed-headers': names }
    const signed = provider.sign!({ at: now, headers })
    const other = { ...signed, headers: { ...signed.headers, 'x-a': '2' } }
    expect((await deliver(provider, [signed, other], now)).statuses).toEqual([200, 401])
  })
})
