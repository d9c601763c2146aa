import { expect, test } from 'vitest'
import { okta } from '../src/okta.ts'
import { deliver } from './deliver.ts'

const url = 'https://example.com/okta'

test('the challenge is answered unsigned, a GET without one is not', async () => {
  const provider = okta({ secret: 'key' })
  const challenge = '<b>"quoted"</b>'
  const { replies, statuses } = await deliver(provider, [
    { method: 'GET', url, headers: { 'x-okta-verification-challenge': challenge } },
    { method: 'GET', url },
    { url, headers: { 'x-okta-verification-challenge': challenge }, body: '{}' },
  ])
  expect(statuses).toEqual([200, 401, 401])
  expect(replies[0]!.headers).toMatchObject({ 'content-type': 'application/json' })
  expect(JSON.parse(replies[0]!.body as string)).toEqual({ verification: challenge })
})

test('each event of a batch is taken once, also in another batch; the header is yours to name', async () => {
  const provider = okta({ secret: 'key', header: 'X-Okta-Key' })
  const batch = (...uuids: string[]) =>
    provider.sign!({
      body: JSON.stringify({
        data: { events: uuids.map((uuid) => ({ uuid, eventType: 'user.session.start' })) },
      }),
    })
  const { events } = await deliver(provider, [batch('a', 'b'), batch('b', 'c')])
  expect(events.map((event) => event.id)).toEqual(['a', 'b', 'c'])
  expect(events[0]!.delivery.headers.map(([name]) => name)).not.toContain('x-okta-key')
})
