import { expect, test } from 'vitest'
import { rfc9421 } from '../src/rfc9421.ts'
import { deliver } from './deliver.ts'

test('a list of more components than a profile has is rejected before a header is read', async () => {
  const provider = rfc9421({ secret: 's', requiredComponents: [] })
  const names = Array.from({ length: 33 }, (_, at) => `"x-pad";key="k${at}"`)
  const headers = {
    'x-pad': `a${' '.repeat(10_500)}b`,
    'signature-input': `s=(${names.join(' ')});created=1760000000`,
    signature: 's=:YWJj:',
  }
  const delivery = { url: 'https://example.com/', headers, body: '{}' }
  const { codes } = await deliver(provider, [delivery], 1_760_000_000_000)
  expect(codes).toEqual(['malformed_header'])
})

test('a label counts where it was signed, and the bytes decide where it was not', async () => {
  const headers = { 'content-type': 'text/plain' }
  const required = ['@method', '@target-uri', 'content-digest', 'content-type']
  for (const [components, payload] of [
    [required, '{"a":1}'],
    [required.slice(0, 3), { a: 1 }],
  ] as const) {
    const provider = rfc9421({ secret: 's', requiredComponents: components })
    const signed = provider.sign!({ body: '{"a":1}', headers })
    const { events } = await deliver(provider, [signed])
    expect(events.map((event) => event.payload)).toEqual([payload])
  }
})
