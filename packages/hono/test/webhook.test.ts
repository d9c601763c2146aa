import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest, type Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { acme, createStage, listen, type Mounted, type Stage, testAdapter } from '@postern/testing'
import { Hono, type MiddlewareHandler } from 'hono'
import { describe, expect, test } from 'vitest'
import { webhook } from '../src/index.ts'

testAdapter(
  {
    name: 'hono',
    mount: (stage) => serve(stage),
    nested: (stage) => {
      const app = new Hono().basePath('/api')
      app.route('/hooks', new Hono().all('/acme', handler(stage)))
      return start(app, '/api/hooks/acme')
    },
    consumed: [
      {
        name: 'a middleware that reads c.req.raw',
        mount: (stage) =>
          serve(
            stage,
            reads((context) => context.req.raw.text()),
          ),
        fix: /^mount the webhook route before .* c\.req\.raw .* let it read c\.req\.arrayBuffer\(\)/,
      },
    ],
    recovered: [
      {
        name: 'c.req.arrayBuffer()',
        mount: (stage) =>
          serve(
            stage,
            reads((context) => context.req.arrayBuffer()),
          ),
      },
      {
        name: 'c.req.blob()',
        mount: (stage) =>
          serve(
            stage,
            reads((context) => context.req.blob()),
          ),
      },
      {
        name: 'c.req.json()',
        mount: (stage) =>
          serve(
            stage,
            reads((context) => context.req.json().catch(() => {})),
          ),
      },
      {
        name: 'c.req.text()',
        mount: (stage) =>
          serve(
            stage,
            reads((context) => context.req.text()),
          ),
      },
    ],
  },
  { describe, test },
)

describe('webhook', () => {
  test('hands the first attempts to the waitUntil of the runtime', async () => {
    const stage = createStage('plain')
    await stage.control('report')
    const kept: Promise<unknown>[] = []
    const app = new Hono().all('/', handler(stage))
    const url = 'https://hooks.example/'
    const { body, ...delivery } = acme({ secret: 'suite-secret-one' }).sign!({ payload: {}, url })
    // A receiver's worker starts in the next turn of the event loop.
    await new Promise((resolve) => setTimeout(resolve))
    const response = await app.request(
      url,
      { ...delivery, body: Buffer.from(body) },
      {},
      {
        waitUntil: (task: Promise<unknown>) => void kept.push(task),
        passThroughOnException: () => {},
        props: {},
      },
    )
    assert.equal(response.status, 200)
    assert.equal(kept.length, 1)
    await kept[0]
    assert.equal((await stage.control('report')).runs.length, 1)
  })

  test('keeps repeated headers apart on the server of Node', async () => {
    const stage = createStage('plain')
    const lines: string[] = []
    stage.receiver.onAny({ name: 'lines' }, ({ delivery }) => {
      for (const [name, value] of delivery.headers) if (name === 'x-a') lines.push(value)
    })
    const { url, close } = await serve(stage)
    assert.equal(
      await post(
        url,
        ['1', '2'].map((value) => ['x-a', value] as const),
      ),
      200,
    )
    await stage.control('settled', 2)
    expect(lines).toEqual(['1', '2'])
    await close()
  })

  test.each<[string, (request: Request) => Request]>([
    ['puts another Request in the place', (request) => new Request(request)],
    ['takes a clone', (request) => (request.clone(), request)],
    ['asks for the signal', (request) => (request.signal.throwIfAborted(), request)],
    ['sets a header', (request) => (request.headers.set('x-a', '1'), request)],
  ])('takes the body after a middleware that %s', async (_, touch) => {
    const stage = createStage('plain')
    const { url, close } = await serve(stage, (context, next) => {
      context.req.raw = touch(context.req.raw)
      return next()
    })
    for (const text of ['a', 'b'.repeat(200_000)]) assert.equal(await post(url, [], text), 200)
    const { runs } = await stage.control('settled', 2)
    expect(runs.map(({ payload }) => payload)).toEqual([
      { text: 'a' },
      { text: 'b'.repeat(200_000) },
    ])
    await close()
  })

  test('tells a middleware that reads afterwards that the body is gone', async () => {
    const stage = createStage('plain')
    const read = Promise.withResolvers<string>()
    const { url, close } = await serve(stage, async (context, next) => {
      await next()
      read.resolve(context.req.text().catch(String))
    })
    assert.equal(await post(url), 200)
    expect(await read.promise).toMatch(/unusable/)
    await close()
  })

  test('puts publicBase in the place of what it sees', async () => {
    const stage = createStage('url')
    const app = new Hono().all(
      '/acme',
      webhook(stage.receiver, { publicBase: 'https://hooks.example/v1' }),
    )
    const { body, ...delivery } = acme({ secret: 'suite-secret-one', signs: 'url' }).sign!({
      payload: {},
      url: 'https://hooks.example/v1/acme?a=1',
    })
    const response = await app.request('http://10.0.0.1/acme?a=1', {
      ...delivery,
      body: Buffer.from(body),
    })
    assert.equal(response.status, 200)
    expect(() => webhook(stage.receiver, { publicBase: '/v1' })).toThrow(/^publicBase must be/)
  })
})

function handler(stage: Stage): ReturnType<typeof webhook> {
  return webhook(stage.receiver, {
    context: (context) => stage.context((name) => context.req.header(name)),
  })
}

async function post(
  url: string,
  lines: readonly (readonly [string, string])[] = [],
  text: string = '',
): Promise<number> {
  const { headers, body } = acme({ secret: 'suite-secret-one' }).sign!({ payload: { text }, url })
  const request = httpRequest(url, {
    method: 'POST',
    // An array, because an object cannot repeat a key.
    headers: [
      ['host', new URL(url).host],
      ['content-length', String(body.byteLength)],
      ...Object.entries(headers),
      ...lines,
    ].flat(),
  })
  const [response] = (await once(request.end(body), 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode!
}

function serve(stage: Stage, ...before: MiddlewareHandler[]): Promise<Mounted> {
  const app = new Hono()
  for (const middleware of before) app.use(middleware)
  app.all('/hooks/acme', handler(stage))
  return start(app, '/hooks/acme')
}

function start(app: Hono, path: string): Promise<Mounted> {
  return listen(createAdaptorServer({ fetch: app.fetch }) as Server, path)
}

function reads(
  read: (context: Parameters<MiddlewareHandler>[0]) => Promise<unknown>,
): MiddlewareHandler {
  return async (context, next) => {
    if (context.req.header('content-type') === 'application/json') await read(context)
    await next()
  }
}
