import { expect, test } from 'vitest'
import { x } from '../src/x.ts'
import { deliver } from './deliver.ts'

test('the challenge is answered in base64, but never for what a body could be', async () => {
  const provider = x({ consumerSecret: 'consumer-secret' })
  const url = 'https://example.com/x'
  const bodies = ['{"for_user_id":"1","tweet_create_events":[{"id":1}]}', '{}', '[1]', '"a"']
  const queries = [
    'crc_token=MTIzNDU2Nzg5MA%3D%3D&nonce=abc',
    ...bodies.map((body) => `crc_token=${encodeURIComponent(body)}`),
    'crc_token=a&crc_token=b',
    '',
  ]
  const { replies, statuses } = await deliver(
    provider,
    queries.map((query) => ({ method: 'GET', url: `${url}?${query}` })),
  )
  expect(statuses).toEqual([200, 403, 403, 403, 403, 403, 403])
  const { response_token } = JSON.parse(String(replies[0]!.body)) as { response_token: string }
  expect(response_token).toMatch(/^sha256=[A-Za-z0-9+/]{43}=$/)
  // The challenge above signed this text, but the text is not the body of an event.
  const headers = { 'x-twitter-webhooks-signature': response_token }
  const replayed = await deliver(provider, [{ url, headers, body: 'MTIzNDU2Nzg5MA==' }])
  expect([replayed.statuses, replayed.events]).toEqual([[400], []])
})
