import { expect, test } from 'vitest'
import { mollie } from '../src/mollie.ts'
import { deliver } from './deliver.ts'

const url = 'https://example.com/mollie'
const form = { 'content-type': 'application/x-www-form-urlencoded' }

test('classic webhooks are taken only where that was said, and never deduped', async () => {
  const classic = { url, headers: form, body: 'id=tr_1' }
  const { statuses, got } = await deliver(mollie({ unauthenticated: true }), [classic, classic])
  expect(statuses).toEqual([200, 200])
  expect(got).toEqual(['tr', 'tr'])
  const both = mollie({ signingSecret: 's', unauthenticated: true })
  expect((await deliver(both, [classic])).codes).toEqual(['missing_header'])
})

test('any of several signatures counts, on lines of their own or joined', async () => {
  const provider = mollie({ signingSecret: 'new' })
  const { headers, body } = provider.sign!({})
  const right = headers['x-mollie-signature']!
  const lines = { ...headers, 'x-mollie-signature': ['sha256=00', right] }
  const joined = { ...headers, 'x-mollie-signature': `00, ${right}, 11` }
  const many = { ...headers, 'x-mollie-signature': `${'00,'.repeat(20)}${right}` }
  const blank = { ...headers, 'x-mollie-signature': ' , ' }
  const { statuses, codes } = await deliver(
    provider,
    [lines, joined, many, blank].map((one) => ({ url, headers: one, body })),
  )
  expect(statuses).toEqual([200, 200, 401, 401])
  expect(codes).toEqual(['malformed_header', 'missing_header'])
})
