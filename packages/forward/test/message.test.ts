import { gzipSync } from 'node:zlib'
import type { EventDraft } from '@postern/core/scheme'
import { acme } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { createScene, startSite } from './scene.ts'

const body = '{ "n":1,  "big":12345678901234567890 }'

describe('what is sent', () => {
  test('the exact bytes with their type, an id, the trace, and no other header', async () => {
    const site = await startSite()
    const scene = createScene({ to: site.url })
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await scene.send({
      body,
      headers: {
        traceparent,
        'content-type': 'application/json; charset=utf-8',
        authorization: 'Bearer of another',
        'x-own': 'a',
      },
    })
    await scene.until('done', 2)
    const { headers, ...got } = site.got[0]!
    expect({ ...got, body: got.body.toString() }).toEqual({ method: 'POST', path: '/in', body })
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'webhook-id': expect.stringMatching(/^[\w-]{32}$/),
      traceparent,
    })
    expect(Object.keys(headers).sort()).toEqual(
      [
        'connection',
        'content-length',
        'content-type',
        'host',
        'traceparent',
        'user-agent',
        'webhook-id',
      ].sort(),
    )
  })

  test('compressed bytes as they are; a body that lost a credential field is not said to be compressed', async () => {
    const site = await startSite()
    const base = acme({ secret: 'shared with acme' })
    const compressed = gzipSync('{"token":"secret","n":1}')
    for (const provider of [base, { ...base, credentials: { fields: ['token'] } }]) {
      const scene = createScene({ to: site.url, provider })
      await scene.send({ body: compressed, headers: { 'content-encoding': 'gzip' } })
      await scene.until('done', 2)
    }
    const [whole, stripped] = site.got
    expect(whole!.headers['content-encoding']).toBe('gzip')
    expect(whole!.body.equals(compressed)).toBe(true)
    expect(stripped!.headers['content-encoding']).toBeUndefined()
    expect(stripped!.body.toString()).toBe('{"n":1}')
  })

  test('headers on the allow list, but none of the connection', async () => {
    const site = await startSite()
    const scene = createScene({ to: site.url, headers: ['x-Acme-*', 'X-Own', 'host', 'expect'] })
    await scene.send({ headers: { 'x-own': 'a', 'x-other': 'b', host: 'evil.example' } })
    await scene.until('done', 2)
    const { headers } = site.got[0]!
    expect(headers).toMatchObject({
      'x-own': 'a',
      'x-acme-id': 'e1',
      host: `127.0.0.1:${site.port}`,
    })
    expect(headers).toHaveProperty('x-acme-signature')
    expect(headers).not.toHaveProperty('x-other')
  })

  test('of a batch, the JSON of each event', async () => {
    const site = await startSite()
    const base = acme({ secret: 'shared with acme' })
    const provider = {
      ...base,
      events: (_: unknown, { value }: { value?: unknown }) => value as EventDraft[],
    }
    const scene = createScene({ to: site.url, provider })
    const events = ['a', 'b'].map((id) => ({ id, topic: 'thing', payload: { id } }))
    await scene.send({ payload: events })
    await scene.until('done', 4)
    expect(site.got.map((got) => got.body.toString()).sort()).toEqual(['{"id":"a"}', '{"id":"b"}'])
    expect(new Set(site.got.map((got) => got.headers['webhook-id'])).size).toBe(2)
  })

  test('what transform makes of it', async () => {
    const site = await startSite()
    const scene = createScene({
      to: [
        { id: 'json', url: site.url },
        { id: 'text', url: site.url },
      ],
      transform: (event, { id }) =>
        id === 'json'
          ? { json: { topic: event.topic, big: 2n ** 64n } }
          : { body: `topic ${event.topic}`, contentType: 'text/plain' },
    })
    await scene.send()
    await scene.until('done', 3)
    expect(
      site.got
        .map(({ headers, body: sent }) => `${headers['content-type']} ${sent.toString()}`)
        .sort(),
    ).toEqual([
      'application/json {"topic":"thing.happened","big":18446744073709551616}',
      'text/plain topic thing.happened',
    ])
  })
})
