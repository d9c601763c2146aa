import { testProvider } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { sentryEntry } from '../src/entries/sentry.ts'
import { sentry } from '../src/sentry.ts'
import { deliver } from './deliver.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['sentry-client-secret', 'another client secret'],
  draft: {
    topic: 'issue.created',
    id: '8a1c6c8e0f7b',
    payload: {},
  },
} as const

testProvider({ ...sentryEntry, vectors: vectors('sentry'), sign }, { describe, test })

test('sentry: the older header counts where it came alone', async () => {
  const provider = sentry({ clientSecret: 'secret' })
  const { headers, ...signed } = provider.sign!({})
  const { 'sentry-hook-signature': signature = '', ...rest } = headers
  const alone = { ...signed, headers: { ...rest, 'sentry-app-signature': signature } }
  const beside = { ...signed, headers: { ...alone.headers, 'sentry-hook-signature': 'wrong' } }
  expect((await deliver(provider, [alone, beside])).statuses).toEqual([200, 401])
})
