import { expect, test } from 'vitest'
import { dropbox } from '../src/dropbox.ts'
import { deliver } from './deliver.ts'

test('dropbox: the challenge is echoed, and is no way to have a text signed', async () => {
  const provider = dropbox({ appSecret: 'secret' })
  const text = '<b>abc</b> 123'
  const get = (query: string): { method: string; url: string } => ({
    method: 'GET',
    url: `https://example.com/?${query}`,
  })
  const event = encodeURIComponent('{"list_folder":{}}')
  const queries = [
    `challenge=${encodeURIComponent(text)}`,
    'challenge=',
    'challenge=a&challenge=b',
    `challenge=${event}`,
  ]
  const { replies, statuses } = await deliver(provider, queries.map(get))
  expect(statuses).toEqual([200, 403, 403, 403])
  expect(replies[0]!.body).toBe(text)
  expect(replies[0]!.headers).toEqual({
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
})
