import { expect, test } from 'vitest'
import { x } from '../src/x.ts'
import { accepting } from './accepting.ts'

test('the challenge is answered in base64, but never for what a body could be', async () => {
  const provider = x({ consumerSecret: 'consumer-secret' })
  const { receiver, topics } = accepting(provider)
  const get = (query: string) =>
    receiver.receive({ method: 'GET', url: `https://example.com/x?${query}` })
  const challenged = await get('crc_token=MTIzNDU2Nzg5MA%3D%3D&nonce=abc')
  expect(challenged.status).toBe(200)
  const { response_token } = JSON.parse(String(challenged.body)) as { response_token: string }
  expect(response_token).toMatch(/^sha256=[A-Za-z0-9+/]{43}=$/)
  for (const body of ['{"for_user_id":"1","tweet_create_events":[{"id":1}]}', '{}', '[1]', '"a"'])
    expect((await get(`crc_token=${encodeURIComponent(body)}`)).status).toBe(403)
  expect((await get('crc_token=a&crc_token=b')).status).toBe(403)
  expect((await get('')).status).toBe(403)
  // What a challenge does sign is no event.
  const headers = { 'x-twitter-webhooks-signature': response_token }
  const url = 'https://example.com/x'
  const replayed = await receiver.receive({ url, headers, body: 'MTIzNDU2Nzg5MA==' })
  expect(replayed.status).toBe(400)
  expect(topics).toEqual([])
})

test('each item of each list is an event, ids to the last digit', async () => {
  const provider = x({ consumerSecret: 'consumer-secret' })
  const { receiver, ids, topics } = accepting(provider)
  const body =
    '{"for_user_id":"1","favorite_events":[{"id":"f1"},{"id":967824267948773378}],"direct_message_events":[{"id_str":"967824267948773377"}]}'
  expect((await receiver.receive(provider.sign!({ body }))).status).toBe(200)
  expect(ids).toEqual(['f1', '967824267948773378', '967824267948773377'])
  expect(topics).toEqual(['favorite_events', 'favorite_events', 'direct_message_events'])
})
