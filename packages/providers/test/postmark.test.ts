import { expect, test } from 'vitest'
import { postmark } from '../src/postmark.ts'
import { deliver } from './deliver.ts'

test('whoever has no credentials is asked for them', async () => {
  const provider = postmark({ credentials: 'user:p:a:ss' })
  const { replies } = await deliver(provider, [{ url: 'https://example.com/', body: '{}' }])
  expect(replies[0]!.headers).toHaveProperty('www-authenticate')
})
