import { expect, test } from 'vitest'
import { createHmac } from 'node:crypto'
import { trello } from '../src/trello.ts'
import { deliver } from './deliver.ts'

test('a signature over UTF-8 is taken too', async () => {
  const url = 'https://example.com/trello'
  const provider = trello({ secret: 'application-1', publicUrl: url })
  const body = '{"action":{"id":"a1","type":"updateCard"},"model":{"name":"–"}}'
  const signature = createHmac('sha1', 'application-1')
    .update(body + url)
    .digest('base64')
  const headers = { 'x-trello-webhook': signature }
  const { statuses, events } = await deliver(provider, [{ url: 'http://inside/t', headers, body }])
  expect(statuses).toEqual([200])
  expect(events.map(({ id }) => id)).toEqual(['a1'])
})
