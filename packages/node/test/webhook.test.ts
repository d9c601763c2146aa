import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from 'node:http'
import { acme, createStage, listen, testAdapter, type Mounted, type Stage } from '@postern/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createReceiver } from '@postern/core'
import type { Provider } from '@postern/core/scheme'
import { webhook, type WebhookOptions } from '../src/index.ts'

testAdapter(
  {
    name: 'node:http',
    mount: (stage) => listen(handler(stage)),
    consumed: [
      {
        name: 'a listener that drains the request',
        mount: (stage) => listen(after(stage, () => undefined)),
        fix: /call the listener of webhook\(receiver\) first, or keep the bytes as a Buffer in req\.rawBody; on NestJS use @postern\/nestjs/,
      },
    ],
    recovered: [
      {
        name: 'a host that keeps a Buffer',
        mount: (stage) => listen(after(stage, (body) => body)),
      },
      {
        name: 'a host that keeps a text',
        mount: (stage) => listen(after(stage, (body) => body.toString())),
      },
    ],
  },
  { describe, test },
)

describe('webhook', () => {
  test('takes a request that waited, complete and unread', async () => {
    const stage = createStage('plain')
    const mounted = await mount((request, response) => {
      const wait = setInterval(() => {
        if (!request.complete && request.readableLength === 0) return
        clearInterval(wait)
        handler(stage)(request, response)
      }, 1)
    })
    const reply = await post(mounted.url)
    assert.equal(reply, 200)
  })

  test('rejects what setEncoding turned into text', async () => {
    const stage = createStage('plain')
    const mounted = await mount((request, response) => {
      request.setEncoding('utf8')
      handler(stage)(request, response)
    })
    assert.equal(await post(mounted.url), 500)
    const { rejected } = await stage.control('report')
    expect(rejected).toMatchObject([
      { code: 'body_altered', problem: 'lossy', got: expect.stringContaining('setEncoding') },
    ])
  })

  test('keeps the headers that were set before it', async () => {
    const stage = createStage('plain')
    const mounted = await mount((request, response) => {
      response.setHeader('x-request-id', '7')
      handler(stage)(request, response)
    })
    const response = await fetch(mounted.url, { method: 'POST' })
    expect(response.status).toBe(401)
    expect(response.headers.get('x-request-id')).toBe('7')
  })

  test('answers 500 where a function of the options fails, and tells observers why', async () => {
    const stage = createStage('plain')
    const fails: WebhookOptions['context'][] = [
      () => {
        throw new Error('no such tenant table')
      },
      () => 1n as never,
    ]
    for (const context of fails) {
      const mounted = await mount(webhook(stage.receiver, { context: context! }))
      assert.equal(await post(mounted.url), 500)
    }
    const addresses = (): boolean => {
      throw new Error('no such list of proxies')
    }
    const trustProxy = { addresses, headers: ['forwarded'] } as const
    const mounted = await mount(webhook(stage.receiver, { trustProxy }))
    assert.equal(await post(mounted.url), 500)
    const { rejected } = await stage.control('report')
    expect(rejected.map(({ text }) => text)).toEqual([
      'no such tenant table',
      expect.stringContaining('context must be a JSON value'),
      'no such list of proxies',
    ])
  })

  test('answers 500 where the app replies with a header that HTTP has no room for', async () => {
    const provider = acme({ secret: 'a-long-enough-secret' })
    const receiver = createReceiver({ provider, log: false })
    receiver.answer('ask', () => ({ status: 200, headers: { 'x-a': 'line\nbreak' } }))
    const mounted = await mount(webhook(receiver))
    const { body, ...delivery } = provider.sign!({ topic: 'ask', payload: {}, url: mounted.url })
    const response = await fetch(mounted.url, { ...delivery, body: Buffer.from(body) })
    expect(response.status).toBe(500)
  })

  test('verifies the URL that came, also below a mount that cuts its prefix off', async () => {
    const seen: string[] = []
    const provider = acme({ secret: 'a-long-enough-secret' })
    const seeing: Provider = {
      ...provider,
      verify(delivery, now) {
        seen.push(delivery.url)
        return provider.verify(delivery, now)
      },
    }
    const handle = webhook(createReceiver({ provider: seeing, log: false }))
    const mounted = await mount((request, response) => {
      // Connect routers change `url`, and keep the whole URL in `originalUrl`.
      handle(Object.assign(request, { originalUrl: request.url, url: '/cut' }), response)
    })
    await post(`${mounted.url}?a=1`)
    expect(seen).toEqual([`${mounted.url}?a=1`])
  })

  test('warns if a handler is made for each request and never called', async () => {
    const { receiver } = createStage('plain')
    const warned = once(process, 'warning')
    for (let at = 0; at < 3; at++) {
      webhook(receiver)
      await new Promise(setImmediate)
    }
    expect(String((await warned)[0])).toMatch(
      /none was ever called: give what webhook\(receiver\) returns/,
    )
  })

  test('rejects wrong options when it is made, by name', () => {
    const { receiver } = createStage('plain')
    expect(() => webhook(receiver, { publicBase: 'example.com' })).toThrow(/^publicBase must be/)
    expect(() => webhook(receiver, { publicBase: 'https://a.example/?b' })).toThrow(/^publicBase/)
    expect(() => webhook(receiver, { trustProxy: -1 as never })).toThrow(/^trustProxy must be/)
    expect(() => webhook(receiver, { trustProxy: 'yes' as never })).toThrow(/^trustProxy must be/)
  })

  test('lets go of a connection whose rejected body it did not read', async () => {
    const stage = createStage('plain')
    const server = createServer(handler(stage))
    const mounted = await mount(server)
    const status = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = httpRequest(mounted.url, { method: 'PUT' }, resolve).on('error', reject)
      outgoing.write('the first of many')
    })
    expect(status.statusCode).toBe(405)
    expect(status.headers.connection).toBe('close')
    status.destroy()
  })
})

function handler(stage: Stage): ReturnType<typeof webhook> {
  return webhook(stage.receiver, {
    context: (request) => stage.context((name) => request.headers[name]?.toString()),
  })
}

// Imitates cloud platforms that read the body first, and pass its bytes on with the request.
function after(stage: Stage, keep: (body: Buffer) => unknown): ReturnType<typeof webhook> {
  const take = handler(stage)
  return (request, response) => {
    if (request.headers['content-type'] !== 'application/json') return take(request, response)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () =>
      take(Object.assign(request, { rawBody: keep(Buffer.concat(parts)) }), response),
    )
  }
}

async function mount(app: Parameters<typeof listen>[0]): Promise<Mounted> {
  const mounted = await listen(app)
  onTestFinished(mounted.close)
  return mounted
}

async function post(url: string): Promise<number> {
  const { body, ...delivery } = acme({ secret: 'suite-secret-one' }).sign!({ payload: {}, url })
  return (await fetch(url, { ...delivery, body: Buffer.from(body) })).status
}

test('a handler starts when the reply to its own delivery was written', async () => {
  const provider = acme({ secret: 'suite-secret-one' })
  const receiver = createReceiver({ provider, log: false })
  const ended = new Promise<boolean>((resolve) => {
    receiver.onAny(() => resolve(response.writableEnded))
  })
  let response!: ServerResponse
  const take = webhook(receiver)
  const mounted = await mount((request, its) => {
    response = its
    take(request, its)
  })
  expect(await post(mounted.url)).toBe(200)
  expect(await ended).toBe(true)
})
