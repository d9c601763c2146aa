import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { acme, createStage, listen, type Mounted, type Stage, testAdapter } from '@postern/testing'
import express5, { type Express, type RequestHandler } from 'express'
import { describe, expect, test } from 'vitest'
import { webhook } from '../src/index.ts'

const express4 = createRequire(import.meta.url)('express4') as typeof express5
const keep = (request: object, _: unknown, rawBody: Buffer): void =>
  void Object.assign(request, { rawBody })

for (const [version, express] of Object.entries({ 5: express5, 4: express4 })) {
  const mount = (stage: Stage, ...before: RequestHandler[]): Promise<Mounted> =>
    serve(express(), stage, before)

  testAdapter(
    {
      name: `express ${version}`,
      mount: (stage) => mount(stage),
      nested: (stage) => {
        const router = express.Router()
        router.all('/acme', handler(stage))
        return listen(express().use('/api/hooks', router), '/api/hooks/acme')
      },
      consumed: [
        {
          name: 'express.json()',
          mount: (stage) => mount(stage, express.json()),
          fix: /^mount the webhook route before express\.json\(\) or a parser like it, or keep the bytes with express\.json\(\{ verify.*; on NestJS use @postern\/nestjs/,
        },
        {
          name: 'a middleware that drains JSON',
          mount: (stage) => mount(stage, drain),
          fix: /^mount the webhook route before the middleware/,
        },
      ],
      recovered: [
        {
          name: 'express.json({ verify })',
          mount: (stage) => mount(stage, express.json({ verify: keep })),
        },
        { name: 'express.raw()', mount: (stage) => mount(stage, express.raw({ type: '*/*' })) },
        { name: 'express.text()', mount: (stage) => mount(stage, express.text({ type: '*/*' })) },
      ],
    },
    { describe, test },
  )

  describe(`webhook on express ${version}`, () => {
    test('names express.urlencoded() where that read the body', async () => {
      const stage = createStage('plain')
      const { url, close } = await mount(stage, express.urlencoded({ extended: true }))
      const response = await fetch(url, {
        method: 'POST',
        body: new URLSearchParams({ a: '1' }),
        headers: { 'x-acme-signature': 'sha256=00' },
      })
      assert.equal(response.status, 500)
      const { rejected } = await stage.control('report')
      expect(rejected[0]!.remedy).toMatch(
        / express\.urlencoded\(\) or .* express\.urlencoded\(\{ verify/,
      )
      await close()
    })

    test('leaves nothing to later handlers, not even errors', async () => {
      const stage = createStage('plain')
      const passed: unknown[] = []
      const app = express()
      app.use(handler(stage))
      app.use((error: unknown, _request: unknown, _response: unknown, next: () => void) => {
        passed.push(error)
        next()
      })
      const { url, close } = await listen(app)
      assert.equal((await fetch(url, { method: 'POST', body: 'unsigned' })).status, 401)
      assert.equal((await fetch(url)).status, 405)
      assert.deepEqual(passed, [])
      await close()
    })

    test('gives the context the parameters of the route', async () => {
      const stage = createStage('plain')
      const app = express()
      app.post(
        '/hooks/:tenant',
        webhook(stage.receiver, {
          context: ({ params }) => ({ tenant: String(params['tenant']) }),
        }),
      )
      const { url, close } = await listen(app, '/hooks/umbrella')
      const { body, ...delivery } = acme({ secret: 'suite-secret-one' }).sign!({ payload: {}, url })
      assert.equal((await fetch(url, { ...delivery, body: Buffer.from(body) })).status, 200)
      const { runs } = await stage.control('settled', 1)
      assert.deepEqual(runs[0]!.context, { tenant: 'umbrella' })
      await close()
    })
  })
}

function serve(app: Express, stage: Stage, before: readonly RequestHandler[]): Promise<Mounted> {
  for (const middleware of before) app.use(middleware)
  app.all('/hooks/acme', handler(stage))
  return listen(app, '/hooks/acme')
}

function handler(stage: Stage): ReturnType<typeof webhook> {
  return webhook(stage.receiver, {
    context: (request) => stage.context((name) => request.get(name)),
  })
}

const drain: RequestHandler = (request, _response, next) => {
  if (request.headers['content-type'] !== 'application/json') return next()
  request.on('end', () => next()).resume()
}
