import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { paddleEntry } from '../src/entries/paddle.ts'
import { paddle } from '../src/paddle.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['pdl_ntfset_first', 'pdl_ntfset_second'],
  draft: {
    topic: 'subscription.created',
    id: 'evt_1',
    payload: {},
  },
} as const

testProvider({ ...paddleEntry, vectors: vectors('paddle'), sign }, { describe, test })

test('paddle: a header that came twice is refused, joined by the host or not', async () => {
  const provider = paddle({ secretKey: 'key' })
  const signed = provider.sign!({})
  const value = signed.headers['paddle-signature']!
  const again = [[value, value], `${value}, ${value}`, `${value},${value}`, `${value};`]
  const deliveries = again.map((given) => ({
    ...signed,
    headers: { ...signed.headers, 'paddle-signature': given },
  }))
  expect((await deliver(provider, deliveries)).statuses).toEqual([401, 401, 401, 401])
})
