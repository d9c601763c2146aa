import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { bodyParser as scopedBodyParser } from '@koa/bodyparser'
import { createStage, listen, type Mounted, type Stage, testAdapter } from '@postern/testing'
import Koa3, { type Middleware } from 'koa'
import bodyParser from 'koa-bodyparser'
import { koaBody } from 'koa-body'
import mountAt from 'koa-mount'
import { describe, expect, test } from 'vitest'
import { webhook } from '../src/index.ts'

const Koa2 = createRequire(import.meta.url)('koa2') as typeof Koa3

for (const [version, Koa] of Object.entries({ 3: Koa3, 2: Koa2 })) {
  const mount = (stage: Stage, ...before: Middleware[]): Promise<Mounted> => {
    const app = new Koa()
    // Koa prints an error for each broken connection, even if it does not handle the request.
    app.silent = true
    for (const middleware of before) app.use(middleware)
    return listen(app.use(handler(stage)).callback(), '/hooks/acme')
  }

  testAdapter(
    {
      name: `koa ${version}`,
      mount: (stage) => mount(stage),
      nested: (stage) =>
        listen(new Koa().use(mountAt('/api', handler(stage))).callback(), '/api/hooks/acme'),
      consumed: [
        {
          name: 'koa-body',
          mount: (stage) => mount(stage, koaBody()),
          fix: /^a body parser such as koa-body .* put the webhook route before app\.use\(koaBody\(\)\)/,
        },
        {
          name: 'a middleware that drains JSON',
          mount: (stage) => mount(stage, drain),
          fix: /^put the webhook route before the middleware/,
        },
      ],
      recovered: [
        { name: '@koa/bodyparser', mount: (stage) => mount(stage, scopedBodyParser()) },
        { name: 'koa-bodyparser', mount: (stage) => mount(stage, bodyParser()) },
        {
          name: 'koa-body with includeUnparsed',
          mount: (stage) => mount(stage, koaBody({ includeUnparsed: true })),
        },
      ],
    },
    { describe, test },
  )

  describe(`webhook on koa ${version}`, () => {
    test('lets middleware around it see the status, and keeps the headers that were set before', async () => {
      const stage = createStage('plain')
      const seen: number[] = []
      const { url, close } = await mount(stage, async (context, next) => {
        context.set('x-request-id', '7')
        await next()
        seen.push(context.status)
        context.body = 'a body that comes too late'
      })
      const response = await fetch(url, { method: 'POST', body: 'unsigned' })
      expect(response.status).toBe(401)
      expect(response.headers.get('x-request-id')).toBe('7')
      expect(await response.json()).toMatchObject({ code: 'missing_header' })
      assert.deepEqual(seen, [401])
      await close()
    })
  })
}

function handler(stage: Stage): ReturnType<typeof webhook> {
  return webhook(stage.receiver, {
    context: (context) => stage.context((name) => context.get(name)),
  })
}

const drain: Middleware = async (context, next) => {
  if (context.is('json') && context.request.length) for await (const part of context.req) void part
  await next()
}
