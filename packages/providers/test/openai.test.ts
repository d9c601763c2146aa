import { expect, test } from 'vitest'
import { openai } from '../src/openai.ts'
import { deliver } from './deliver.ts'

test('a signature without a version counts as v1, among others', async () => {
  const provider = openai({ secret: 'whsec_RdvaYFYUXuIFuEbvZHwMfYFhUf7aMYjYcmM24+Aj40c=' })
  const { url, headers, body } = provider.sign!({ id: 'wh_1' })
  const bare = headers['webhook-signature']!.slice('v1,'.length)
  const lists = [bare, `v1,x ${bare}`, `${bare} v1a,x`, `v2,${bare}`, `v1a,${bare}`, `${bare}x`]
  const { statuses } = await deliver(
    provider,
    lists.map((list) => ({ url, headers: { ...headers, 'webhook-signature': list }, body })),
  )
  expect(statuses).toEqual([200, 200, 200, 401, 401, 401])
})
