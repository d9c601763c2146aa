import { expect, test } from 'vitest'
import { grafana } from '../src/grafana.ts'
import { deliver } from './deliver.ts'

test('without a signature secret HTTP authentication counts, and PUT is taken', async () => {
  const provider = grafana({ token: 'bearer-token' })
  const signed = { ...provider.sign!({ topic: 'firing' }), method: 'PUT' }
  const { statuses } = await deliver(provider, [signed, { ...signed, headers: {} }])
  expect(statuses).toEqual([200, 401])
})

test('the signed time must be there and in its window', async () => {
  const provider = grafana({ secret: 'secret', timestampHeader: 'X-TS', tolerance: 60 })
  const at = (seconds: number) => provider.sign!({ at: 1_714_564_800_000 + seconds * 1000 })
  const undated = grafana({ secret: 'secret' }).sign!({})
  const deliveries = [at(0), at(-60), at(-61), at(61), undated]
  const { codes } = await deliver(provider, deliveries, 1_714_564_800_000)
  expect(codes).toEqual(['timestamp_too_old', 'timestamp_in_future', 'missing_header'])
})
