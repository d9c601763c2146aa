import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createReceiver, memoryInbox, type Receiver } from '@postern/core'
import { INSTRUMENTS } from '../../src/index.ts'
import { acme, settled } from '@postern/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { needs } from '../../../../test/services/needs.ts'
import { promtool } from '../../../../test/services/programs.ts'
import { metrics } from '../../src/prometheus.ts'
import { metricName } from '../../src/instruments.ts'

const provider = acme({ secret: 'shared with acme' })
let receivers: Receiver[] = []

afterEach(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()))
  receivers = []
})

function shop(name = 'shop'): Receiver {
  const receiver = createReceiver({ provider, name, inbox: memoryInbox(), log: false })
  receiver.on('order.paid', { name: 'book' }, () => {})
  receivers.push(receiver)
  return receiver
}

const order = provider.sign!({ id: 'order-4711', topic: 'order.paid', payload: { card: '4242' } })
const forged = { ...order, headers: { ...order.headers, 'x-acme-signature': 'sha256=c0ffee' } }

function scrape(
  route: (request: Request) => Promise<Response>,
  init: RequestInit = {},
): Promise<Response> {
  return route(new Request('https://shop.example/metrics', init))
}

test('counts what all receivers do from then on, in one format', async () => {
  const [one, two] = [shop(), shop('other')]
  await one.receive(order)
  const route = metrics([one, two])
  for (const delivery of [order, forged]) await one.receive(delivery)
  await two.receive(order)
  await settled(two)
  const reply = await scrape(route)
  expect([
    reply.status,
    reply.headers.get('content-type'),
    reply.headers.get('cache-control'),
  ]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8', 'no-store'])
  const lines = (await reply.text()).split('\n')
  const deliveries = 'postern_deliveries_total{messaging_destination_name='
  expect(lines.filter((line) => line.startsWith(deliveries)).sort()).toEqual([
    `${deliveries}"other",postern_provider="acme",postern_outcome="accepted"} 1`,
    `${deliveries}"shop",postern_provider="acme",postern_outcome="duplicate"} 1`,
    `${deliveries}"shop",postern_provider="acme",postern_outcome="rejected",error_type="signature_mismatch"} 1`,
  ])
  const done =
    'postern_task_outcomes_total{messaging_destination_name="other",messaging_consumer_group_name="book",postern_provider="acme",postern_outcome="done"} 1'
  expect(lines).toContain(done)
  expect(lines.at(-1)).toBe('')
})

test('has no id, payload, header or secret in any line', async () => {
  const receiver = shop()
  const route = metrics([receiver])
  for (const delivery of [order, forged]) await receiver.receive(delivery)
  await settled(receiver)
  expect(await (await scrape(route)).text()).not.toMatch(/4711|4242|c0ffee|sha256|shared with/)
})

test('answers before anything came, and HEAD and other methods as HTTP asks', async () => {
  const route = metrics([shop()])
  expect((await scrape(route)).status).toBe(200)
  const head = await scrape(route, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  const post = await scrape(route, { method: 'POST' })
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

describe('with a secret', () => {
  test.each([undefined, 'Bearer', 'Bearer wrong', 'Basic scrape-me', 'scrape-me'])(
    '%j is 401 and shows nothing',
    async (authorization) => {
      const route = metrics([shop()], { secret: 'scrape-me' })
      const reply = await scrape(route, authorization ? { headers: { authorization } } : {})
      expect([reply.status, await reply.text()]).toEqual([401, 'unauthorized\n'])
    },
  )

  test('the scraper that sends it is answered', async () => {
    const route = metrics([shop()], { secret: 'scrape-me' })
    const reply = await scrape(route, { headers: { authorization: 'Bearer scrape-me' } })
    expect(reply.status).toBe(200)
  })
})

test.each<[string, () => unknown, string]>([
  ['no list', () => metrics(shop() as never), 'metrics: receivers'],
  ['an empty list', () => metrics([]), 'metrics: receivers'],
  ['something else', () => metrics([{} as never]), 'metrics: receivers'],
  ['an empty secret', () => metrics([shop()], { secret: '' }), 'metrics: secret'],
  ['an unknown option', () => metrics([shop()], { token: 'x' } as never), 'token'],
])('%s is a TypeError that says so', (_, make, text) => {
  expect(make).toThrow(TypeError)
  expect(make).toThrow(text)
})

test('the README has each metric, and no other', () => {
  const text = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const named = Array.from(
    text.matchAll(/^\| `((?:postern|messaging)_\w+)` \|/gm),
    ([, name]) => name!,
  )
  const known = Object.values(INSTRUMENTS).map(
    (row) => metricName(row).replaceAll('.', '_') + (row.kind === 'counter' ? '_total' : ''),
  )
  expect(named.sort()).toEqual(known.sort())
})

test('each row of the table of instruments has a unit that Prometheus has a word for', () => {
  const names = Object.values(INSTRUMENTS).map(metricName)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toContain('postern.reply.duration_seconds')
  expect(() => metricName({ name: 'x', unit: 'furlong' })).toThrow('furlong')
})

needs(promtool).test('promtool finds nothing to say of the format', async () => {
  const receiver = shop()
  const route = metrics([receiver])
  for (const delivery of [order, forged]) await receiver.receive(delivery)
  await settled(receiver)
  const input = await (await scrape(route)).text()
  expect(execFileSync(promtool.file!, ['check', 'metrics'], { input, encoding: 'utf8' })).toBe('')
})
