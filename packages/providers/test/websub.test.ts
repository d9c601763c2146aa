import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { websub, type WebsubIntent } from '../src/websub.ts'
import { deliver } from './deliver.ts'

const secret = 'hub-secret-under-200-bytes'
const topic = 'https://example.com/feed?a=1&b=2'

function intent(query: Record<string, string>): { method: string; url: string } {
  const hub = Object.entries(query).map(([name, value]) => [`hub.${name}`, value])
  return { method: 'GET', url: `https://me.example/websub?${new URLSearchParams(hub)}` }
}

test('an expected subscription is confirmed with the bare challenge, others get 404', async () => {
  const verified: WebsubIntent[] = []
  const provider = websub({
    secret,
    expectedTopic: ({ topic: asked, mode }) => asked === topic && mode === 'subscribe',
    onVerified: (one) => void verified.push(one),
  })
  const challenge = 'a&lt;<script>'
  const { statuses, replies } = await deliver(provider, [
    intent({ mode: 'subscribe', topic, challenge, lease_seconds: '432000' }),
    intent({ mode: 'unsubscribe', topic, challenge }),
    intent({ mode: 'subscribe', topic: 'https://evil.example/', challenge }),
    intent({ mode: 'publish', topic, challenge }),
    intent({ mode: 'denied', topic, reason: 'none' }),
    { method: 'GET', url: 'https://me.example/websub' },
  ])
  expect(statuses).toEqual([200, 404, 404, 404, 200, 404])
  expect(replies[0]!.body).toBe(challenge)
  expect(replies[0]!.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8' })
  expect(verified).toEqual([{ mode: 'subscribe', topic, lease: 432000 }])
})

test('nothing is confirmed where nothing is expected', async () => {
  const { statuses } = await deliver(websub({ secret }), [
    intent({ mode: 'subscribe', topic, challenge: '1' }),
  ])
  expect(statuses).toEqual([404])
})

test('each entry of a feed is an event, a tombstone too; other contents are one', async () => {
  const provider = websub({ secret })
  const atom = { 'content-type': 'application/atom+xml' }
  const feed = `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="https://example.com/self"/>
    <entry><id>a</id><updated>1</updated></entry><entry><id type="x">b</id><updated>2</updated></entry>
    <at:deleted-entry ref="c" when="3"/></feed>`
  const json = {
    'content-type': 'application/json',
    link: '<https://h/>; rel="hub", </j,1>; rel="self x"',
  }
  const { events } = await deliver(provider, [
    provider.sign!({ body: feed, headers: { ...atom, link: '' } }),
    provider.sign!({ body: '{"items":[]}', headers: json }),
  ])
  expect(events.map((event) => [event.topic, event.id])).toEqual([
    ['https://example.com/self', 'a:1'],
    ['https://example.com/self', 'b:2'],
    ['https://example.com/self', 'c:3'],
    ['/j,1', undefined],
  ])
})

test('a payload that is text is signed as the feed', async () => {
  const provider = websub({ secret })
  const feed =
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>a</id><updated>1</updated></entry></feed>'
  const { events } = await deliver(provider, [provider.sign!({ topic, payload: feed })])
  expect(events).toMatchObject([{ topic, id: 'a:1', payload: { id: 'a', updated: '1' } }])
})

test('all four methods are taken, in lower case and by the name they were made with', async () => {
  const body = '{}'
  const claims = (['sha1', 'sha256', 'sha384', 'sha512'] as const).map(
    (method) => `${method}=${createHmac(method, secret).update(body).digest('hex')}`,
  )
  const wrong = [
    claims[1]!.replace('sha256', 'sha1'),
    claims[1]!.slice(0, -2),
    claims[1]!.toUpperCase(),
  ]
  const { statuses } = await deliver(
    websub({ secret, expectedTopic: topic }),
    [...claims, ...wrong].map((claim) => ({
      url: 'https://me.example/',
      headers: { 'content-type': 'application/json', 'x-hub-signature': claim },
      body,
    })),
  )
  expect(statuses).toEqual([200, 200, 200, 200, 401, 401, 401])
})
