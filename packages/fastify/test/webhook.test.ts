import assert from 'node:assert/strict'
import { createGunzip, gzipSync } from 'node:zlib'
import { createStage, type Mounted, type Stage, testAdapter } from '@postern/testing'
import Fastify, { type FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { webhook } from '../src/index.ts'

testAdapter(
  {
    name: 'fastify 5',
    mount: (stage) => serve(Fastify(), stage),
    nested: async (stage) => {
      const fastify = Fastify()
      await fastify.register(async (scope) => void scope.register(plugin(stage)), {
        prefix: '/api',
      })
      return start(fastify, '/api/hooks/acme')
    },
    consumed: [
      {
        name: 'a hook that drains JSON',
        mount: (stage) => serve(drained(Fastify()), stage),
        fix: /^keep the hook or plugin that read it off this route/,
      },
    ],
    recovered: [
      {
        name: 'a hook that keeps a Buffer',
        mount: (stage) =>
          serve(
            drained(Fastify(), (body) => body),
            stage,
          ),
      },
    ],
  },
  { describe, test },
)

describe('webhook', () => {
  test('leaves the parsers of routes beside it alone', async () => {
    const fastify = Fastify()
    fastify.post('/echo', async (request) => ({ got: request.body }))
    const { url, close } = await serve(fastify, createStage('plain'))
    const response = await fetch(new URL('/echo', url), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
    })
    expect(await response.json()).toEqual({ got: { a: 1 } })
    await close()
  })

  test('rejects a stream that a hook put in the place of the body', async () => {
    const fastify = Fastify()
    fastify.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(createGunzip()))
    const stage = createStage('plain')
    const { url, close } = await serve(fastify, stage)
    const response = await fetch(url, {
      method: 'POST',
      body: gzipSync('{}'),
      headers: { 'x-acme-signature': 'sha256=00' },
    })
    expect(await response.json()).toMatchObject({ code: 'body_consumed' })
    const { rejected } = await stage.control('report')
    expect(rejected[0]!.remedy).toMatch(/^a preParsing hook .* do not run the hook on this route/)
    await close()
  })

  test('tells observers of a Content-Type that Fastify cannot read', async () => {
    const stage = createStage('plain')
    const { url, close } = await serve(Fastify(), stage)
    const response = await fetch(url, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'json', 'x-acme-signature': 'sha256=00' },
    })
    expect(response.status).toBe(415)
    expect(await response.json()).toMatchObject({ code: 'unsupported_media_type' })
    expect((await stage.control('report')).rejected).toHaveLength(1)
    await close()
  })

  test('runs the hooks of the app, and leaves their errors to its error handler', async () => {
    const fastify = Fastify()
    fastify.addHook('preHandler', async () => {
      throw Object.assign(new Error('not from there'), { statusCode: 403 })
    })
    fastify.setErrorHandler((error, _request, reply) => {
      void reply.code(418).send({ handled: (error as Error).message })
    })
    const { url, close } = await serve(fastify, createStage('plain'))
    const response = await fetch(url, { method: 'POST', body: '{}' })
    assert.equal(response.status, 418)
    expect(await response.json()).toEqual({ handled: 'not from there' })
    await close()
  })
})

function plugin(stage: Stage): ReturnType<typeof webhook> {
  return webhook(stage.receiver, {
    path: '/hooks/acme',
    context: (request) => stage.context((name) => request.headers[name]?.toString()),
  })
}

async function serve(fastify: FastifyInstance, stage: Stage): Promise<Mounted> {
  await fastify.register(plugin(stage))
  return start(fastify, '/hooks/acme')
}

async function start(fastify: FastifyInstance, path: string): Promise<Mounted> {
  const address = await fastify.listen({ port: 0, host: '127.0.0.1' })
  return {
    url: address + path,
    close: async () => {
      fastify.server.closeAllConnections()
      await fastify.close()
    },
  }
}

function drained(fastify: FastifyInstance, keep?: (body: Buffer) => unknown): FastifyInstance {
  return fastify.addHook('onRequest', async ({ raw, headers }) => {
    if (headers['content-type'] !== 'application/json') return
    const parts: Buffer[] = []
    for await (const part of raw) parts.push(part as Buffer)
    if (keep) Object.assign(raw, { rawBody: keep(Buffer.concat(parts)) })
  })
}
