import { expect, test } from 'vitest'
import { createHmac } from 'node:crypto'
import { trello } from '../src/trello.ts'
import { accepting } from './accepting.ts'

test('an unsigned HEAD gets 200, a signature over UTF-8 is taken too', async () => {
  const url = 'https://example.com/trello'
  const { receiver, ids } = accepting(trello({ secret: 'application-1', publicUrl: url }))
  expect(await receiver.receive({ method: 'HEAD', url })).toEqual({ status: 200 })
  const body = '{"action":{"id":"a1","type":"updateCard"},"model":{"name":"–"}}'
  const signature = createHmac('sha1', 'application-1')
    .update(body + url)
    .digest('base64')
  const headers = { 'x-trello-webhook': signature }
  expect((await receiver.receive({ url: 'http://inside/t', headers, body })).status).toBe(200)
  expect(ids).toEqual(['a1'])
})
