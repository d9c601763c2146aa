import { gzipSync } from 'node:zlib'
import { createReceiver } from '@postern/core'
import { expect, test } from 'vitest'
import { airwallex } from '../src/airwallex.ts'
import { buildkite } from '../src/buildkite.ts'
import { configcat } from '../src/configcat.ts'
import { lob } from '../src/lob.ts'
import { mercadoPago } from '../src/mercado-pago.ts'
import { revenuecat } from '../src/revenuecat.ts'
import { stream } from '../src/stream.ts'
import { generic } from '../src/generic.ts'
import { paddle } from '../src/paddle.ts'
import { klaviyo } from '../src/klaviyo.ts'
import { pandadoc } from '../src/pandadoc.ts'
import { slack } from '../src/slack.ts'
import { standardWebhooks } from '../src/standard-webhooks.ts'
import { svix } from '../src/svix.ts'
import { resend } from '../src/resend.ts'
import { sanity } from '../src/sanity.ts'
import { shopify } from '../src/shopify.ts'
import { deliver } from './deliver.ts'

const NOW = 1_760_000_000_000

test('generic reads lists, templates, dates and any of several headers by options alone', async () => {
  const provider = generic({
    name: 'box',
    secret: 's',
    scheme: 'hmac',
    header: ['Box-Primary', 'Box-Secondary'],
    message: '{body}{time}',
    timestampHeader: 'Box-Time',
    timestampUnit: 'iso',
    encoding: 'base64',
    itemsField: 'events',
    topicField: 'event.type',
    eventIdField: 'id',
  })
  const body =
    '{"events":[{"id":1,"event":{"type":"a"}},{"id":12345678901234567891,"event":{"type":"b"}}]}'
  const signed = provider.sign!({ body, at: NOW })
  const { 'box-primary': signature, ...others } = signed.headers
  const second = { ...others, 'box-primary': 'b2xk', 'box-secondary': signature! }
  const wrong = { ...others, 'box-primary': 'b2xk' }
  const result = await deliver(
    provider,
    [signed, { ...signed, headers: second }, { ...signed, headers: wrong }],
    NOW,
  )
  expect(result.statuses).toEqual([200, 200, 401])
  expect(result.got).toEqual(['a 1', 'b 12345678901234567891'])
  const late = await deliver(provider, [signed], NOW + 301_000)
  expect(late.codes).toEqual(['timestamp_too_old'])
  const paired = generic({
    secret: 's',
    scheme: 'hmac',
    header: 'X-Sig',
    pairs: { signature: 'v0' },
  })
  expect(paired.sign!({ at: NOW, body: '{}' }).headers['x-sig']).toMatch(/^t=1760000000,v0=/)
})

test('Paddle: a clock that is 30 s ahead is no reason, a signature of 6 s is', async () => {
  const provider = paddle({ secretKey: 'pdl' })
  const slow = provider.sign!({ at: NOW + 30_000 })
  const old = provider.sign!({ at: NOW - 6000 })
  expect((await deliver(provider, [slow, old], NOW)).statuses).toEqual([200, 401])
})

test('the family of Standard Webhooks reads the topic from where a sender has it', async () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  for (const provider of [
    standardWebhooks({ secret, topicField: 'data.event' }),
    svix({ secret, topicField: 'data.event' }),
    resend({ secret, topicField: 'data.event' }),
  ]) {
    const signed = provider.sign!({ topic: 'job.done', payload: { data: { id: 1 } }, at: NOW })
    const { events } = await deliver(provider, [signed], NOW)
    expect(events).toMatchObject([{ topic: 'job.done', payload: { data: { id: 1 } } }])
  }
})

test('a payload is laid over the sample of its topic', async () => {
  const provider = slack({ signingSecret: 's' })
  const signed = provider.sign!({ topic: 'message', payload: { event: { text: 'hi' } }, at: NOW })
  const { events } = await deliver(provider, [signed], NOW)
  expect(events).toMatchObject([
    { topic: 'message', payload: { event: { type: 'message', text: 'hi' } } },
  ])
})

test('a delivery that sign makes of nothing at all is whole', async () => {
  const secret = 'a-secret'
  for (const provider of [shopify({ secret }), sanity({ secret })]) {
    const { statuses, events } = await deliver(provider, [provider.sign!({})])
    expect(statuses).toEqual([200])
    expect(events[0]!.payload).toEqual(expect.any(Object))
  }
})

test('PandaDoc: a retry has the id of its header; deliveries from before July 2026 have none', async () => {
  const provider = pandadoc({ secret: 's' })
  const body = '[{"event":"document_updated","data":{}},{"event":"recipient_completed","data":{}}]'
  const { headers, ...old } = provider.sign!({ body })
  const { 'x-pandadoc-webhook-event-id': made, ...without } = headers
  expect(made).toMatch(/^[\da-f-]{36}$/)
  const first = { ...old, headers: { ...without, 'x-pandadoc-webhook-event-id': 'e1' } }
  const other = { ...old, headers: { ...without, 'x-pandadoc-webhook-event-id': 'e2' } }
  const unnamed = { ...old, headers: without }
  const { events } = await deliver(provider, [first, first, other, unnamed, unnamed])
  const ids = events.map(({ id }) => id)
  expect(ids).toEqual(['e1', 'e1:1', 'e2', 'e2:1', ...Array(4).fill(undefined)])
})

test('generic inflates what is gzip by its signed bytes, whatever the header says', async () => {
  const options = { secret: 's', scheme: 'hmac', header: 'X-Signature' } as const
  const zipped = gzipSync('{"id":"1"}')
  const { headers, ...signed } = generic(options).sign!({ body: zipped })
  const { 'content-type': _type, ...plain } = headers
  const labelled = { ...signed, headers: { ...plain, 'content-encoding': 'gzip' } }
  const bare = { ...signed, headers: plain }
  const read = await deliver(generic(options), [labelled, bare])
  expect(read.events.map(({ payload }) => payload)).toEqual([{ id: '1' }, { id: '1' }])
  const files = await deliver(generic({ ...options, formats: ['bytes'] }), [bare, labelled])
  expect(files.statuses).toEqual([200, 415])
  const none = await deliver(generic({ ...options, codings: {} }), [bare, labelled])
  expect(none.statuses).toEqual([200, 415])
  for (const { events } of [files, none])
    expect(Buffer.from(events[0]!.payload as Uint8Array)).toEqual(zipped)
})

test('a sender that signs the decoded bytes is verified within the bound of strangers', async () => {
  const provider = stream({ secret: 's' })
  const text = JSON.stringify({ type: 'message.new', text: 'a'.repeat(1_048_000) })
  const signed = provider.sign!({ body: text })
  const zipped = { ...signed, body: gzipSync(signed.body) }
  const larger = provider.sign!({ body: `${text}${' '.repeat(1000)}` })
  const beyond = { ...larger, body: gzipSync(larger.body) }
  const bomb = { ...signed, body: gzipSync(Buffer.alloc(200 * 1024 * 1024)) }
  const within = await deliver(provider, [zipped, beyond, bomb, signed])
  expect(within.statuses).toEqual([200, 413, 413, 200])
  expect(within.codes).toEqual(['decompressed_too_large', 'decompressed_too_large'])
  expect(within.events[0]!.payload).toEqual(JSON.parse(text))
  const narrow = createReceiver({
    provider,
    limits: { unverified: { decompressed: 100 } },
    log: false,
  })
  narrow.onAny(() => undefined)
  expect((await narrow.receive(zipped)).status).toBe(413)
  expect((await narrow.receive(signed)).status).toBe(200)
  await narrow.close()
})

test.each([airwallex, configcat, klaviyo, lob, mercadoPago])(
  '$about.name rejects what was signed five years ago, in seconds, milliseconds or as a date',
  async ({ about }) => {
    const provider = about.create(about.example)
    const draft = { at: NOW - 157_680_000_000, url: 'https://example.com/?data.id=1' }
    const old = provider.sign!(draft)
    const [stamp] = Object.keys(old.headers).filter((name) => name.includes('time'))
    const others =
      stamp === undefined
        ? []
        : [String(draft.at), new Date(draft.at).toISOString()].map((time) =>
            provider.sign!({ ...draft, headers: { [stamp]: time } }),
          )
    expect((await deliver(provider, [old, ...others], NOW)).codes).toEqual(
      [old, ...others].map(() => 'timestamp_too_old'),
    )
    const fresh = provider.sign!({ ...draft, at: NOW })
    expect((await deliver(provider, [fresh], NOW)).statuses).toEqual([200])
  },
)

test.each([
  [buildkite, 'x-buildkite-token', 'X-Buildkite-Signature'],
  [revenuecat, 'authorization', 'header-token'],
])(
  '$0.about.name says which proof it wants if the other one came',
  async ({ about }, header, way) => {
    const provider = about.create(about.example)
    const { headers, ...plain } = provider.sign!({})
    const { [(about.place as { header: string }).header.toLowerCase()]: _signature, ...unsigned } =
      headers
    const receiver = createReceiver({
      provider,
      log: false,
      observers: [{ rejected: (_, { message }) => void told.push(message) }],
    })
    const told: string[] = []
    receiver.onAny(() => undefined)
    const reply = await receiver.receive({ ...plain, headers: { ...unsigned, [header]: 'text' } })
    await receiver.close()
    expect(reply.status).toBe(401)
    expect(told[0]).toContain(`${header} is present`)
    expect(told[0]).toContain(way)
  },
)
