import { once } from 'node:events'
import { createReceiver, inlineInbox, memoryLedger } from '@postern/core'
import { acme, listen, testAdapter, type Stage } from '@postern/testing'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { describe, expect, test } from 'vitest'
import { runDue, sqs, webhook, type HttpEvent } from '../src/index.ts'
import { headerOf, origin, type Origin } from './origins.ts'

const ORIGINS = {
  'function URL': '/',
  'REST API': '/prod/hooks',
  'load balancer, multi-value': '/',
} as const satisfies Partial<Record<Origin, string>>
const secret = 'a-long-enough-secret'

for (const [name, path] of Object.entries(ORIGINS) as [Origin, string][])
  testAdapter(
    {
      name: `AWS Lambda behind a ${name}`,
      buffers: true,
      rewritesQuery: name !== 'function URL',
      mount: (stage: Stage) =>
        listen(
          origin(name, (event, host) =>
            webhook(stage.receiver, {
              publicBase: `http://${host}`,
              context: (one) => stage.context((field) => headerOf(one, field)),
            })(event),
          ),
          path,
        ),
    },
    { describe, test },
  )

const v2 = (over: object = {}): HttpEvent =>
  ({
    version: '2.0',
    rawPath: '/hook',
    rawQueryString: '',
    headers: {},
    requestContext: { http: { method: 'POST', path: '/hook' }, domainName: 'fn.example' },
    isBase64Encoded: false,
    ...over,
  }) as unknown as APIGatewayProxyEventV2

describe('webhook', () => {
  test('handles inside the request with inlineInbox, and does not wait for open connections', async () => {
    const ran: string[] = []
    const provider = acme({ secret })
    const receiver = createReceiver({
      provider,
      inbox: inlineInbox({ ledger: memoryLedger() }),
      log: false,
    }).onAny((event) => void ran.push(event.topic))
    const { headers, body } = provider.sign!({
      topic: 'a',
      payload: {},
      url: 'https://fn.example/hook',
    })
    const lambda = { callbackWaitsForEmptyEventLoop: true }
    const event = v2({ headers, body: Buffer.from(body).toString() })
    expect(await webhook(receiver)(event, lambda)).toMatchObject({ statusCode: 200 })
    expect(ran).toEqual(['a'])
    expect(lambda.callbackWaitsForEmptyEventLoop).toBe(false)
  })

  test('replies to a load balancer without headers of several values in its other form', async () => {
    const provider = acme({ secret })
    const receiver = createReceiver({ provider, log: false, onUnhandled: 'acknowledge' })
    const mounted = await listen(origin('load balancer', (event) => webhook(receiver)(event)))
    const url = `${mounted.url}?a=1&b=%7e`
    const { headers, body } = provider.sign!({ payload: {}, url })
    const post = (init: RequestInit): Promise<Response> => fetch(url, { method: 'POST', ...init })
    expect((await post({ headers, body: Buffer.from(body) })).status).toBe(200)
    const rejected = await post({})
    expect([rejected.status, rejected.headers.get('content-type')]).toEqual([
      401,
      'application/problem+json',
    ])
    await mounted.close()
    await receiver.close()
  })

  test('says what to set if a REST API made a text of bytes', async () => {
    const receiver = createReceiver({ provider: acme({ secret }), log: false })
    const rejected: unknown[] = []
    receiver.observe({ rejected: (_, error) => void rejected.push(error) })
    const broken = Buffer.from([0xff, 0xfe, 0x00]).toString('utf8')
    const event = {
      httpMethod: 'POST',
      path: '/hook',
      requestContext: { path: '/prod/hook' },
      headers: { 'Content-Length': '3', 'X-Acme-Signature': 'sha256=00', 'X-Acme-Topic': 'a' },
      multiValueHeaders: null,
      body: broken,
      isBase64Encoded: false,
    } as never
    expect(await webhook(receiver)(event)).toMatchObject({ statusCode: 500 })
    expect(rejected).toMatchObject([
      { code: 'body_altered', expected: '3', remedy: expect.stringContaining('binaryMediaTypes') },
    ])
  })

  test('keeps a context, and its error is a reply', async () => {
    const provider = acme({ secret })
    const contexts: unknown[] = []
    const receiver = createReceiver({ provider, inbox: inlineInbox(), log: false })
    receiver.onAny((event) => void contexts.push(event.context))
    const { headers, body } = provider.sign!({ payload: {}, url: 'https://fn.example/hook' })
    const event = v2({ headers, body: Buffer.from(body).toString() })
    const named = webhook(receiver, { context: () => ({ tenant: 'a' }) })
    expect((await named(event)).statusCode).toBe(200)
    expect(contexts).toEqual([{ tenant: 'a' }])
    const failing = webhook(receiver, {
      context: () => {
        throw new Error('no such tenant')
      },
    })
    expect((await failing(event)).statusCode).toBe(500)
  })

  test.for([
    ['webhook', webhook],
    ['sqs', sqs],
    ['runDue', runDue],
  ] as const)('warns if %s is made for each event and never called', async ([name, make]) => {
    const receiver = createReceiver({ provider: acme({ secret }), log: false })
    const warned = once(process, 'warning')
    for (let at = 0; at < 3; at++) {
      make(receiver)
      await new Promise(setImmediate)
    }
    expect(String((await warned)[0])).toContain(
      `none was ever called: export what ${name}(receiver) returns`,
    )
  })

  test('rejects wrong options and events of other kinds by name', async () => {
    const receiver = createReceiver({ provider: acme({ secret }), log: false })
    expect(() => webhook(receiver, { publicUrl: 'x' } as never)).toThrow('publicUrl')
    expect(() => webhook(receiver, { publicBase: 'x' })).toThrow('publicBase')
    expect(() => webhook(undefined as never)).toThrow('receiver must be')
    await expect(webhook(receiver)({ Records: [] } as never)).rejects.toThrow(/sqs\(\)/)
  })
})
