import { memoryInbox, type EventDraft } from '@postern/core'
import { acme } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { forward } from '../src/index.ts'
import { createScene } from './scene.ts'
import { openSite, type Manner } from './site.ts'

const body = '{ "n":1,  "big":12345678901234567890 }'

describe('what is sent', () => {
  test('the exact bytes with their type, an id, the trace, and no other header', async () => {
    const site = await openSite()
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
    await Promise.all([scene.close(), site.close()])
  })

  test('headers on the allow list, but none of the connection', async () => {
    const site = await openSite()
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
    await Promise.all([scene.close(), site.close()])
  })

  test('of a batch, the JSON of each event', async () => {
    const site = await openSite()
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
    await Promise.all([scene.close(), site.close()])
  })

  test('what transform makes of it', async () => {
    const site = await openSite()
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
    await Promise.all([scene.close(), site.close()])
  })
})

describe('each destination has a task of its own', () => {
  test('one that fails is tried again with the same id, and the others are left in peace', async () => {
    const good = await openSite()
    const shaky = await openSite((_, nth) => (nth < 4 ? 500 : 200))
    const scene = createScene({ to: [good.url, new URL(shaky.url)] })
    await scene.send()
    await scene.until('done 4')
    expect([good.got.length, shaky.got.length]).toEqual([1, 4])
    const ids = new Set(shaky.got.map((got) => got.headers['webhook-id']))
    expect(ids.size).toBe(1)
    expect(ids.has(good.got[0]!.headers['webhook-id'])).toBe(false)
    await Promise.all([scene.close(), good.close(), shaky.close()])
  })

  test('one that is given up is dead alone, and replay brings that one back', async () => {
    let broken = true
    const good = await openSite()
    const bad = await openSite(() => (broken ? 404 : 200))
    const scene = createScene({
      to: [good.url, { id: 'bad', url: bad.url }],
      retry: { attempts: 3, base: 1 },
    })
    await scene.send()
    expect(await scene.until('dead')).toContain('bad answered 404')
    const dead = await scene.receiver.tasks({ state: 'dead' })
    expect(dead.map((task) => task.part)).toEqual(['bad'])
    broken = false
    expect(await scene.receiver.replay()).toBe(1)
    await scene.until('done', 3)
    expect([good.got.length, bad.got.length]).toEqual([1, 4])
    expect(new Set(bad.got.map((got) => got.headers['webhook-id'])).size).toBe(1)
    await Promise.all([scene.close(), good.close(), bad.close()])
  })

  test('destinations can be found at run time; one that may not be called harms no other', async () => {
    const site = await openSite()
    const scene = createScene({
      to: async (event) =>
        (event.payload as { to: string[] }).to.map((path) => new URL(path, site.url)),
    })
    await scene.send({ id: 'a', payload: { to: ['/x', '/y', '/x', 'ftp://example.com'] } })
    expect(await scene.until('dead')).toContain('https:')
    await scene.until('done', 3)
    expect(site.got.map((got) => got.path).sort()).toEqual(['/x', '/y'])
    await scene.send({ id: 'b', payload: { to: [] } })
    await scene.until('done', 4)
    expect(site.got).toHaveLength(2)
    await Promise.all([scene.close(), site.close()])
  })

  test('names of tasks hold no URL, which may hold a secret', async () => {
    const site = await openSite(() => 500)
    const scene = createScene({ to: `${site.url}/secret?key=other`, retry: { attempts: 1 } })
    await scene.send()
    expect(await scene.until('dead')).not.toMatch(/secret|other/)
    const [task] = await scene.receiver.tasks()
    expect(task!.part).toMatch(/^127\.0\.0\.1-[\w-]{12}$/)
    expect(JSON.stringify(task)).not.toMatch(/secret\?|other/)
    await Promise.all([scene.close(), site.close()])
  })
})

describe('the rules of HTTP', () => {
  test('410 ends it at once, is told, and later events are not sent there until it is restored', async () => {
    const site = await openSite((_, nth) => (nth === 1 ? 410 : 200))
    const gone: unknown[] = []
    const inbox = memoryInbox()
    const scene = createScene({
      inbox,
      records: inbox.records,
      to: { id: 'dear', url: site.url },
      onGone: (destination, event) => gone.push([destination, event.id]),
    })
    await scene.send({ id: 'a' })
    expect(await scene.until('dead')).toContain('dear answered 410')
    expect(gone).toEqual([[{ id: 'dear', url: site.url }, 'a']])
    await scene.send({ id: 'b' })
    await scene.until('done', 2)
    expect(site.got).toHaveLength(1)
    expect(await scene.restore({ id: 'dear', url: site.url })).toBe(true)
    await scene.send({ id: 'c' })
    await scene.until('done', 4)
    expect(site.got).toHaveLength(2)
    await Promise.all([scene.close(), site.close()])
  })

  test.each([
    [429, '7', 7000],
    [503, '120', 120_000],
    [502, 'Sat, 01 Jan 2000 00:00:09 GMT', 9000],
    [503, '999999', 3_600_000],
    [503, 'Sat, 01 Jan 2050 00:00:00 GMT', 3_600_000],
    [503, 'soon', undefined],
    [500, '120', undefined],
  ])('%s with Retry-After: %s', async (status, value, wait) => {
    const start = Date.UTC(2000, 0, 1)
    const site = await openSite((_, __, response) => {
      response.writeHead(status, { 'retry-after': value }).end()
    })
    const scene = createScene({
      to: site.url,
      now: () => start,
      retry: { base: 5, jitter: 'none' },
    })
    await scene.send()
    expect(await scene.until('retried')).toBe(`retried ${start + (wait ?? 5)} 1`)
    await Promise.all([scene.close(), site.close()])
  })

  test('a destination that asked to be left alone is, by all its tasks, and no attempt is used', async () => {
    const site = await openSite((_, __, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end()
    })
    const scene = createScene({ to: site.url })
    await scene.send({ id: 'a' })
    await scene.until('retried')
    await scene.send({ id: 'b' })
    await scene.until('postponed')
    const [waiting] = (await scene.receiver.tasks({ eventId: 'b' })).filter((task) => task.part)
    expect(waiting).toMatchObject({ state: 'pending', attempt: 0 })
    expect(site.got).toHaveLength(1)
    await Promise.all([scene.close(), site.close()])
  })

  test.each<[string, Manner]>([
    ['no answer at all', () => {}],
    ['an answer that never begins its body', (_, __, response) => response.flushHeaders()],
  ])('%s counts as a failure, or as the status that came, in time', async (_, manner) => {
    const site = await openSite(manner)
    const scene = createScene({ to: site.url, timeout: 200, retry: { attempts: 1 } })
    await scene.send()
    await (manner.length === 0 ? scene.until('dead') : scene.until('done', 2))
    await Promise.all([scene.close(), site.close()])
  })

  test('an answer without end is cut off and the connections of others are used again', async () => {
    const endless = await openSite((_, __, response) => {
      response.writeHead(200)
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384)));
      }
      response.on('drain', pour)
      pour()
    })
    const plain = await openSite()
    const scene = createScene({ to: [endless.url, plain.url] })
    for (const id of ['a', 'b', 'c']) {
      await scene.send({ id })
      await scene.until('done', { a: 3, b: 6, c: 9 }[id]!)
    }
    // A connection whose answer was cut off is not used again.
    expect(endless.connections).toBeGreaterThanOrEqual(3)
    expect(endless.got).toHaveLength(3)
    expect(plain.connections).toBe(1)
    await Promise.all([scene.close(), endless.close(), plain.close()])
  })
})

test('wrong options are a TypeError that names them', () => {
  const make =
    (given: object): (() => unknown) =>
    () =>
      forward({ to: 'https://example.com', sign: false, ...given } as never)
  const cases: Record<string, object> = {
    to: { to: 'http://example.com' },
    'sign must be': { sign: undefined },
    sign: { sign: { verify: () => {} } },
    headers: { headers: ['bad header'] },
    concurrency: { concurrency: 0 },
    total: { total: 1.5 },
    timeout: { timeout: 'soon' },
    connectTimeout: { connectTimeout: 0 },
    maxResponse: { maxResponse: -1 },
    'breaker.failures': { breaker: { failures: 0 } },
    'breaker.pause': { breaker: { pause: '1 s' } },
    giveUp: { giveUp: 0 },
  }
  for (const [option, given] of Object.entries(cases)) {
    expect(make(given), option).toThrow(TypeError)
    expect(make(given), option).toThrow(option)
  }
})
