import { describe, expect, test } from 'vitest'
import { linear } from '../src/linear.ts'
import { deliver } from './deliver.ts'

describe('linear', () => {
  const provider = linear({ secret: 'SECRET' })
  const now = 1_760_000_000_000
  const fresh = { 'linear-timestamp': String(now) }

  test('believes the header only where the body has no time', async () => {
    const stale = provider.sign!({ at: now - 61_000, headers: fresh })
    const bodyless = { at: now, body: '{"type":"Issue","action":"create"}' }
    const withHeader = provider.sign!({ ...bodyless, headers: fresh })
    const without = provider.sign!(bodyless)
    const { statuses, codes } = await deliver(provider, [stale, withHeader, without], now)
    expect(statuses).toEqual([401, 200, 400])
    expect(codes).toEqual(['timestamp_too_old', 'malformed_event'])
  })
})
