import { expect, test } from 'vitest'
import { recurly } from '../src/recurly.ts'
import { deliver } from './deliver.ts'

test('recurly: any of several signatures counts, and a list must be one', async () => {
  const provider = recurly({ secretKey: 'key' })
  const now = 1_760_000_000_000
  const signed = provider.sign!({ at: now, payload: { uuid: 'u1' } })
  const [time, good] = signed.headers['recurly-signature']!.split(',')
  const bad = '0'.repeat(64)
  const twice = `${good},${time},${good}`
  const lists = [`${bad},${good}`, `${good},${bad}`, bad, `${good},`, '', twice].map((list) => ({
    ...signed,
    headers: { ...signed.headers, 'recurly-signature': `${time},${list}` },
  }))
  const { statuses, events } = await deliver(provider, lists, now)
  expect(statuses).toEqual([200, 200, 401, 401, 401, 401])
  expect(events[0]!.id).toBe('rjxwmwedwqug:created:2025-10-09T08:53:20.000Z:u1')
})
