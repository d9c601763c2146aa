import { expect, test } from 'vitest'
import { paddle } from '../src/paddle.ts'
import { deliver } from './deliver.ts'

test('paddle: a header that came twice is rejected, joined by the host or not', async () => {
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
