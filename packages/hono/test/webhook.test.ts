import assert from 'node:assert/strict'
import type { Server } from 'node:http'
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
        fix: /c\.req\.raw .* mount the webhook route before it, or let it read c\.req\.arrayBuffer\(\)/,
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
    // The worker of a receiver starts with the next turn of the event loop.
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

  test('puts publicUrl in the place of what it sees', async () => {
    const stage = createStage('url')
    const app = new Hono().all(
      '/acme',
      webhook(stage.receiver, { publicUrl: 'https://hooks.example/v1' }),
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
    expect(() => webhook(stage.receiver, { publicUrl: '/v1' })).toThrow(/^publicUrl must be/)
  })
})

function handler(stage: Stage): ReturnType<typeof webhook> {
  return webhook(stage.receiver, {
    context: (context) => stage.context((name) => context.req.header(name)),
  })
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
