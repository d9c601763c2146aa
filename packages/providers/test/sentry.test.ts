import { expect, test } from 'vitest'
import { sentry } from '../src/sentry.ts'
import { deliver } from './deliver.ts'

test('sentry: the older header counts where it came alone', async () => {
  const provider = sentry({ clientSecret: 'secret' })
  const { headers, ...signed } = provider.sign!({})
  const { 'sentry-hook-signature': signature = '', ...rest } = headers
  const alone = { ...signed, headers: { ...rest, 'sentry-app-signature': signature } }
  const beside = { ...signed, headers: { ...alone.headers, 'sentry-hook-signature': 'wrong' } }
  expect((await deliver(provider, [alone, beside])).statuses).toEqual([200, 401])
})
