import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDelivery, jsonReply, textReply, WebhookError } from '../../src/index.ts'
import type { DeliveryInit } from '../../src/index.ts'
import { receivedRoom } from '../../src/basics/room.ts'
import { acme, bareInbox, batches, codeOf, pinged, setup, throwing } from '../acme.ts'

describe('a delivery that is taken', () => {
  test('is answered 200 with an empty body, then handled', async () => {
    const { receiver, heard, send } = setup()
    const seen: unknown[] = []
    receiver.on('ping', (event) => void seen.push(event))
    expect(await send({ id: 'e1', payload: { a: 1 } })).toEqual({ status: 200 })
    expect(seen).toEqual([])
    await heard.until('done')
    expect(seen).toMatchObject([
      {
        id: 'e1',
        topic: 'ping',
        payload: { a: 1 },
        provider: 'acme',
        receiver: 'acme',
        tenant: undefined,
      },
    ])
    expect(heard.names).toEqual(['received', 'accepted', 'attemptStarted', 'done'])
  })

  test('may be an existing delivery, and is read again', async () => {
    const { receiver, heard } = setup()
    const seen: unknown[] = []
    receiver.on('ping', ({ delivery }) => void seen.push(delivery.context))
    const context = { tenant: 7 }
    const sent = createDelivery({ ...acme().sign!({ id: 'e1', topic: 'ping' }), context })
    expect((await receiver.receive(sent)).status).toBe(200)
    expect(heard.all('accepted')).toHaveLength(1)
    await heard.until('done')
    expect(seen).toEqual([context])
  })

  test('twice is handled once', async () => {
    const { receiver, heard, send } = setup()
    let runs = 0
    receiver.on('ping', () => void runs++)
    await send({ id: 'e1' })
    await heard.until('done')
    expect((await send({ id: 'e1' })).status).toBe(200)
    await send({ id: 'e2' })
    await heard.until('done', 2)
    expect(runs).toBe(2)
    expect(heard.all('duplicate')).toMatchObject([[{ id: 'e1', topic: 'ping' }, false, {}]])
  })

  test('with several events gives each its tasks', async () => {
    const { receiver, heard, send } = setup({ provider: batches() })
    const seen: string[] = []
    receiver.on('a', (event) => void seen.push(`a ${event.id}`))
    receiver.on(['a', 'b'], (event) => void seen.push(`ab ${event.id}`))
    const event = (topic: string, id: string): object => ({ topic, id, payload: {} })
    await send({ payload: [event('a', '1'), event('b', '2'), event('c', '3'), event('a', '1')] })
    await heard.until('done', 3)
    expect(seen.toSorted()).toEqual(['a 1', 'ab 1', 'ab 2'])
    expect(heard.all('unhandled')).toMatchObject([[{ topic: 'c' }, 'acknowledged', {}]])
    expect(heard.all('duplicate')).toHaveLength(1)
  })

  test('whose sender signs what it compresses is verified and read as it was, within two limits', async () => {
    const provider = acme({ codings: { gzip: 'decoded' } })
    const seen: unknown[] = []
    for (const [limits, status] of [
      [{}, 200],
      [{ decompressed: 20 }, 413],
      [{ unverified: { decompressed: 20 } }, 413],
    ] as const) {
      const { receiver, heard } = setup({ provider, limits })
      receiver.on('ping', ({ payload }) => void seen.push(payload))
      const signed = provider.sign!({ id: 'e1', payload: { a: 'a'.repeat(20) } })
      const sent = { ...signed, body: gzipSync(signed.body) }
      expect((await receiver.receive(sent)).status).toBe(status)
      if (status === 200) await heard.until('done')
      else
        expect(heard.all('rejected')[0]![1]).toMatchObject({
          code: 'decompressed_too_large',
          option: 'limits.unverified.decompressed',
          limit: 20,
        })
      const plain = await receiver.receive({ ...signed, body: Buffer.from(signed.body) })
      expect(plain.status).toBe(200)
    }
    expect(seen[0]).toEqual({ a: 'a'.repeat(20) })
  })

  test('with none is acknowledged', async () => {
    const { send } = setup({ provider: batches() })
    expect(await send({ payload: [] })).toEqual({ status: 200 })
  })

  test('takes integers beyond 2^53 as BigInt with bigIntegers', async () => {
    for (const [integers, expected] of [
      ['exact', 9007199254740993n],
      ['number', 9007199254740992],
    ] as const) {
      const { receiver, heard, send } = setup({ parsing: { bigIntegers: integers === 'exact' } })
      const seen: unknown[] = []
      receiver.on('ping', (event) => void seen.push((event.payload as { n: unknown }).n))
      await send({ body: '{"n":9007199254740993}' })
      await heard.until('done')
      expect(seen).toEqual([expected])
    }
  })
})

describe('a delivery that is rejected', () => {
  const sign = (draft = {}): DeliveryInit => acme().sign!({ payload: {}, ...draft })
  const failing = (accept: Parameters<typeof bareInbox>[0]) => ({ inbox: bareInbox(accept) })
  const cases: readonly [string, number, () => DeliveryInit | Promise<DeliveryInit>, object?][] = [
    ['method_not_allowed', 405, () => ({ ...sign(), method: 'GET' })],
    ['body_too_large', 413, () => sign({ payload: 'x'.repeat(2000) }), { limits: { body: 1000 } }],
    ['missing_header', 401, () => ({ ...sign(), headers: {} })],
    ['missing_header', 401, () => ({ ...sign(), headers: { 'x-acme-signature': ' ' } })],
    ['malformed_header', 401, () => ({ ...sign(), headers: { 'x-acme-signature': 'a, b' } })],
    [
      'malformed_header',
      401,
      () => {
        const signature = acme().sign!({ payload: {} }).headers['x-acme-signature']!
        return { ...sign(), headers: { 'x-acme-signature': [signature, signature] } }
      },
    ],
    ['signature_mismatch', 401, () => ({ ...sign(), body: '{"a":1}' })],
    ['malformed_body', 400, () => sign({ body: '{' })],
    ['too_deep', 400, () => sign({ body: '['.repeat(200) + ']'.repeat(200) })],
    ['unsupported_encoding', 415, () => sign({ headers: { 'content-encoding': 'pigeon' } })],
    [
      'unsupported_media_type',
      415,
      () => sign({ headers: { 'content-type': 'text/xml' } }),
      { parsing: { contentType: 'strict' } },
    ],
    ['missing_topic', 400, () => sign({ topic: '' })],
    ['missing_event_id', 400, () => sign({ id: '' })],
    ['malformed_event', 400, () => sign({ topic: 'x'.repeat(1025) })],
    ['unhandled_topic', 404, () => sign({ topic: 'other' }), { onUnhandled: 'reject' }],
    ['inbox_unavailable', 503, sign, failing(throwing(new Error('the disk is gone')))],
    ['inbox_unavailable', 503, sign, failing(() => Promise.reject(new Error('no connection')))],
    ['inbox_full', 503, sign, failing(throwing(new WebhookError('inbox_full', 'no room')))],
  ]

  test.each(cases)('%s is %i', async (code, status, init, options) => {
    const { receiver, heard } = setup(options)
    let runs = 0
    receiver.on('ping', () => void runs++)
    const room = receivedRoom.count(1)
    const reply = await receiver.receive(await init())
    expect(receivedRoom.count(1)).toBe(room)
    expect(reply.status).toBe(status)
    expect(reply.headers?.['content-type']).toBe('application/problem+json')
    expect(JSON.parse(String(reply.body))).toEqual({
      title: code.replaceAll('_', ' '),
      status,
      code,
    })
    expect(reply.headers?.['retry-after']).toBe(status === 503 ? '5' : undefined)
    expect(reply.headers?.['connection']).toBe(status === 413 ? 'close' : undefined)
    expect(reply.headers?.['allow']).toBe(status === 405 ? 'POST' : undefined)
    expect(heard.all('rejected')).toMatchObject([[{ path: '/webhooks' }, { code }]])
    expect(heard.all('rejected')[0]![1].problem).toMatch(/^[a-z_]+$/)
    expect(heard.all('accepted')).toEqual([])
    expect(runs).toBe(0)
  })

  test('while memory is full is a 503, if more values are in it than fit', async () => {
    const { send } = pinged()
    const [few, many] = [['x'.repeat(20_000)], Array.from({ length: 10_000 }, () => 0)]
    const taken = receivedRoom.count(1) - 100_000
    receivedRoom.take(taken)
    try {
      expect((await send({ payload: few })).status).toBe(200)
      expect(await send({ payload: many })).toMatchObject({ status: 503 })
      expect(codeOf(await send({ payload: many }))).toBe('overloaded')
    } finally {
      receivedRoom.give(taken)
    }
    expect((await send({ payload: many })).status).toBe(200)
  })

  test('while its twin runs is a 409 that asks to come again', async () => {
    const { send } = pinged({ inbox: bareInbox(() => ['busy']) })
    const reply = await send()
    expect(codeOf(reply)).toBe('in_progress')
    expect(reply).toMatchObject({ status: 409, headers: { 'retry-after': '5' } })
  })
})

describe('steps a provider may add', () => {
  test('greet answers an unsigned challenge and accepts nothing', async () => {
    const provider = acme({
      methods: ['GET', 'POST'],
      greet: (delivery) => {
        if (delivery.method !== 'GET') return undefined
        if (delivery.query().get('token') !== 'verify-me')
          throw new WebhookError('wrong_verify_token', 'another verify token')
        return textReply(delivery.query().get('challenge')!)
      },
    })
    const { receiver, heard, send } = pinged({ provider })
    const greet = (query: string): Promise<unknown> =>
      receiver.receive({ method: 'GET', url: `https://example.com/hook?${query}` })
    expect(await greet('token=verify-me&challenge=42')).toMatchObject({ status: 200, body: '42' })
    expect(await greet('token=no&challenge=42')).toMatchObject({ status: 403 })
    expect(heard.all('handshake')).toMatchObject([[{ path: '/hook', method: 'GET' }]])
    expect(heard.all('accepted')).toEqual([])
    expect((await send()).status).toBe(200)
  })

  test('handshake answers only what is signed', async () => {
    const provider = acme({
      handshake: (_, body) => {
        const { challenge } = body.value as { challenge?: string }
        return challenge === undefined ? undefined : jsonReply({ challenge })
      },
    })
    const { receiver, heard, send } = pinged({ provider })
    expect(await send({ payload: { challenge: 'abc' } })).toMatchObject({
      body: '{"challenge":"abc"}',
    })
    expect(heard.all('accepted')).toEqual([])
    const unsigned = await receiver.receive({
      url: 'https://example.com/',
      body: '{"challenge":"abc"}',
      headers: { 'content-type': 'application/json' },
    })
    expect(unsigned.status).toBe(401)
  })

  test('check rejects what is signed and wrong all the same', async () => {
    const { send } = setup({
      provider: acme({
        check: () => Promise.reject(new WebhookError('timestamp_too_old', 'the time in the body')),
      }),
    })
    expect(codeOf(await send())).toBe('timestamp_too_old')
  })

  test('reply gives each outcome its own answer', async () => {
    const provider = acme({
      reply: (result) =>
        result.kind === 'rejected'
          ? textReply(`no: ${result.error.code}`, 400)
          : textReply(`${result.kind}: ${result.events.length}`),
    })
    const { receiver, heard, send } = pinged({ provider })
    expect(await send({ id: '1' })).toMatchObject({ status: 200, body: 'accepted: 1' })
    expect(await send({ id: '1' })).toMatchObject({ status: 200, body: 'duplicate: 1' })
    expect(await send({ topic: 'other' })).toMatchObject({ body: 'unhandled: 1' })
    expect(await send({ body: '{' })).toMatchObject({ status: 400, body: 'no: malformed_body' })
    expect(codeOf(await send({ method: 'PUT' }))).toBe('method_not_allowed')
    const unread = new WebhookError('body_timeout', 'too slow')
    expect(codeOf(receiver.reject({ url: 'https://example.com/' }, unread))).toBe('body_timeout')
    expect(heard.all('rejected').at(-1)![0].method).toBe('POST')
  })

  test('a reply that fails on a rejected delivery leaves the rejection', async () => {
    const provider = acme({
      reply: (result, delivery) =>
        result.kind === 'rejected' ? textReply(JSON.stringify(delivery.json())) : undefined,
    })
    const { send } = setup({ provider })
    expect(codeOf(await send({ body: '{' }))).toBe('malformed_body')
  })

  test('what is thrown that is no error is a 500 all the same', async () => {
    for (const thrown of [undefined, null, 'text', Object.create(null), Symbol('s')]) {
      const provider = acme({
        check: throwing(thrown),
      })
      expect(codeOf(await setup({ provider }).send())).toBe('internal_error')
    }
  })
})

test('an observer that throws changes nothing', async () => {
  const failing = new Proxy(
    {},
    {
      get: () => throwing(new Error('watching failed')),
    },
  )
  const { heard, send } = pinged({ observers: [failing] })
  expect((await send()).status).toBe(200)
  await heard.until('done')
  expect((await send({ body: '{' })).status).toBe(400)
})

describe('whatever the network sends', () => {
  const provider = acme({ methods: ['POST', 'GET', 'PUT'] })
  const header = fc.tuple(
    fc.constantFrom(
      'content-type',
      'content-encoding',
      'content-length',
      'x-acme-signature',
      'x-acme-id',
      'x-acme-topic',
      '__proto__',
      'constructor',
    ),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'application/json',
        'application/x-www-form-urlencoded; charset=utf-16',
        'multipart/form-data; boundary=x',
        'text/xml',
        'gzip',
        'br, gzip',
        'deflate',
      ),
    ),
  )
  const request = fc.record({
    method: fc.constantFrom('POST', 'GET', 'PUT', 'DELETE', 'HEAD', ''),
    url: fc.oneof(
      fc.webUrl({ withQueryParameters: true }),
      fc.string(),
      fc.constant('/relative?%'),
    ),
    headers: fc.array(header, { maxLength: 6 }),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '<a/>',
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '--x--',
        '{"__proto__":1}',
      ),
    ),
  })

  test('unsigned, is a rejection and never an error or a 2xx', async () => {
    const { receiver, heard } = setup({ provider })
    receiver.onAny(() => {})
    await fc.assert(
      fc.asyncProperty(request, async (init) => {
        const reply = await receiver.receive(init)
        expect(reply.status).toBeGreaterThanOrEqual(400)
        expect(reply.status).toBeLessThan(500)
      }),
      { numRuns: 500 },
    )
    expect(heard.all('accepted')).toEqual([])
  })

  test('signed, is taken or rejected with a code and never an error', async () => {
    const { receiver } = setup({ provider })
    receiver.onAny(() => {})
    await fc.assert(
      fc.asyncProperty(request, async (init) => {
        const headers = Object.fromEntries(
          init.headers.map(([name, value]) => [name, value] as const),
        )
        const signed = provider.sign!({ ...init, headers })
        const reply = await receiver.receive({ ...signed, url: init.url })
        expect(reply.status).toBeLessThan(500)
        if (reply.status >= 300) expect(codeOf(reply)).toBeTypeOf('string')
      }),
      { numRuns: 500 },
    )
  })
})
