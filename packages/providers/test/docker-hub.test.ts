import { expect, test } from 'vitest'
import { dockerHub } from '../src/docker-hub.ts'
import { deliver } from './deliver.ts'

test('a secret in the URL counts and reaches no handler', async () => {
  const provider = dockerHub({ secret: 's3cret', queryKey: 'key' })
  const signed = provider.sign!({ url: 'https://example.com/hub?a=1' })
  const { statuses, events } = await deliver(provider, [
    signed,
    { ...signed, url: 'https://example.com/hub?key=no' },
  ])
  expect(statuses).toEqual([200, 401])
  expect(events[0]!.delivery.url).toBe('https://example.com/hub?a=1')
})
