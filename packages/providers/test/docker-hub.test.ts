import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { dockerHubEntry } from '../src/entries/docker-hub.ts'
import { dockerHub } from '../src/docker-hub.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['a secret path', 'another'],
  draft: { topic: 'push', id: 'acme/app:latest:1417566161', payload: {} },
} as const

testProvider({ ...dockerHubEntry, vectors: vectors('docker-hub'), sign }, { describe, test })

test('a secret in the URL counts and reaches no handler', async () => {
  const provider = dockerHub({ secret: 's3cret', queryKey: 'key' })
  const signed = provider.sign!({ url: 'https://example.com/hub?a=1' })
  const { statuses, events } = await deliver(provider, [
    signed,
    { ...signed, url: 'https://example.com/hub?key=no' },
  ])
  expect(statuses).toEqual([200, 401])
  expect(events[0]!.delivery.url).toBe('https://example.com/hub?a=1')
  expect(() => dockerHub({})).toThrow(/secret is missing.*unauthenticated: true/)
})
