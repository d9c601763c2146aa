import { describe, expect, test } from 'vitest'
import {
  createReceiver,
  inlineInbox,
  textReply,
  WebhookError,
  type Observer,
  type ReceiverOptions,
  type RequestInfo,
} from '../../src/index.ts'
import type { ObservedReceiver } from '../../src/basics/index.ts'
import { acme, codeOf, pinged, setup, throwing } from '../acme.ts'

const greet = () => textReply('pong')

/** Creates an observer that records the arguments of each call of one method. */
function listening<Name extends keyof Observer>(
  name: Name,
): { readonly observer: Observer; readonly calls: unknown[][] } {
  const calls: unknown[][] = []
  return { observer: { [name]: (...args: unknown[]) => void calls.push(args) }, calls }
}

test('observers hear each step that a delivery went, in order', async () => {
  const steps: string[] = []
  const { send } = pinged({
    provider: acme({ greet: () => undefined, handshake: () => undefined }),
    worker: 'onDemand',
    observers: [{ step: (_, name) => void steps.push(name) }],
  })
  await send()
  expect(steps).toEqual([
    'read',
    'greet',
    'verify',
    'parse',
    'handshake',
    'identify',
    'accept',
    'reply',
  ])
})

describe('observers hear what was answered', () => {
  test.each<[string, Partial<ReceiverOptions>, object, object]>([
    [
      'an event',
      {},
      { id: 'e1' },
      { outcome: 'accepted', status: 200, events: [{ receiver: 'acme', id: 'e1', topic: 'ping' }] },
    ],
    ['a topic that nobody handles', {}, { topic: 'x' }, { outcome: 'unhandled', status: 200 }],
    [
      'a greeting',
      { provider: acme({ greet }) },
      {},
      { outcome: 'handshake', status: 200, events: [] },
    ],
    [
      'a rejection',
      {},
      { secret: 'wrong' },
      { outcome: 'rejected', status: 401, code: 'signature_mismatch', events: [] },
    ],
  ])('%s', async (_, options, draft, expected) => {
    let time = 0
    const { observer, calls } = listening('replied')
    const { send } = pinged({
      ...options,
      observers: [observer],
      clock: { monotonic: () => (time += 3) },
      worker: 'onDemand',
      storage: { journal: false },
    })
    await send(draft)
    expect(calls).toMatchObject([[{ receiver: 'acme', path: '/webhooks' }, expected]])
    const [, answer] = calls[0] as [RequestInfo, { took: number; code?: string }]
    expect(answer.took).toBeGreaterThan(0)
    expect('code' in answer).toBe('code' in expected)
  })
})

test.each(['accepted', 'duplicate'] as const)(
  'an observer may listen to %s alone',
  async (name) => {
    const { observer, calls } = listening(name)
    const receiver = createReceiver({
      provider: acme(),
      log: false,
      worker: 'onDemand',
      observers: [observer],
    })
    receiver.on('ping', () => {})
    const signed = acme().sign!({ id: 'e1', topic: 'ping', payload: {} })
    for (let twice = 0; twice < 2; twice++)
      expect((await receiver.receive(signed)).status).toBe(200)
    expect(calls.map(([event]) => event)).toMatchObject([{ id: 'e1' }])
  },
)

describe('without observers and journal', () => {
  const plain = (options: Partial<ReceiverOptions> = {}) =>
    createReceiver({
      provider: acme(),
      log: false,
      storage: { journal: false },
      worker: 'onDemand',
      ...options,
    })
  const signed = acme().sign!({ id: 'e1', topic: 'ping', payload: {} })

  test('a greeting is answered', async () => {
    const receiver = plain({ provider: acme({ greet }) })
    expect(await receiver.receive(signed)).toMatchObject({ status: 200, body: 'pong' })
  })

  test('a failed answer is a 500, and a rejection a 401', async () => {
    const receiver = plain()
    receiver.answer('ping', throwing(new Error('broken')))
    expect(codeOf(await receiver.receive(signed))).toBe('answer_failed')
    expect(codeOf(await receiver.receive({ ...signed, body: 'x' }))).toBe('signature_mismatch')
  })

  test('what a sender listed is taken, once', async () => {
    const receiver = plain()
    receiver.on('ping', () => {})
    expect((await receiver.ingest(signed)).outcome).toBe('accepted')
    expect((await receiver.ingest(signed)).outcome).toBe('duplicate')
  })
})

describe('the trace of a request', () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

  /** Returns the request info of `received`. With `asked`, an observer has the method `carrier`. */
  async function traced(headers: Record<string, string>, asked = true): Promise<RequestInfo> {
    const { heard, send } = pinged({
      worker: 'onDemand',
      observers: asked ? [{ carrier: () => undefined }] : [],
    })
    await send({ headers })
    return heard.all('received')[0]![0]
  }

  test.each<[string, Record<string, string>, RequestInfo['trace']]>([
    ['both headers', { traceparent, tracestate: 'a=1' }, { traceparent, tracestate: 'a=1' }],
    ['no state', { traceparent }, { traceparent }],
    ['a long state', { traceparent, tracestate: 'a'.repeat(513) }, { traceparent }],
    [
      'the longest of both',
      { traceparent: 'a'.repeat(512), tracestate: 'b'.repeat(512) },
      { traceparent: 'a'.repeat(512), tracestate: 'b'.repeat(512) },
    ],
    ['a long parent', { traceparent: 'a'.repeat(513), tracestate: 'a=1' }, undefined],
    ['a state alone', { tracestate: 'a=1' }, undefined],
  ])('with %s', async (_, headers, trace) => {
    const request = await traced(headers)
    expect(request.trace).toEqual(trace)
    expect('trace' in request).toBe(trace !== undefined)
  })

  test('is not read if no observer asks', async () => {
    expect(await traced({ traceparent }, false)).not.toHaveProperty('trace')
  })

  test('is unknown of what an adapter rejected', () => {
    const { receiver, heard } = setup({ observers: [{ carrier: () => undefined }] })
    receiver.reject(
      { method: 'POST', url: 'https://example.com/in' },
      new WebhookError('body_timeout', 'too slow'),
    )
    expect(heard.all('rejected')[0]![0]).not.toHaveProperty('trace')
  })
})

test('the bounds of what is not verified hold for a sender that cannot sign', async () => {
  const limits = { unverified: { nodes: 10 } }
  const body = JSON.stringify(Array.from({ length: 100 }, () => []))
  for (const [unauthenticated, code] of [
    [true, 'too_complex'],
    [false, undefined],
  ] as const) {
    const provider = { ...acme(), unauthenticated }
    expect(codeOf(await setup({ provider, limits }).send({ body }))).toBe(code)
  }
})

test.each([
  ['exact', true],
  ['number', undefined],
] as const)('a provider is told of integers: %s', async (integers, exact) => {
  let told: unknown
  const provider = acme({
    events: (_, body) => {
      told = body.exact
      return []
    },
  })
  await setup({ provider, parsing: { bigIntegers: integers === 'exact' } }).send()
  expect(told).toBe(exact)
})

test('an event has the tenant that verified it, and none if its sender has none', async () => {
  for (const verified of [{ tenant: 't1' }, {}, undefined]) {
    const provider = { ...acme(), verify: () => verified }
    const { heard, send } = pinged({ provider, worker: 'onDemand' })
    await send()
    expect(heard.all('accepted')[0]![0].tenant).toBe(verified?.tenant)
  }
})

test('an observer of a receiver whose inbox keeps no tasks is given no stats', () => {
  const { observer, calls } = listening('attached')
  setup({ inbox: inlineInbox(), observers: [observer] })
  const seen = calls[0]![0] as ObservedReceiver
  expect(seen).toEqual({ name: 'acme', provider: 'acme', observe: expect.any(Function) as never })
})

describe('a reply over fetch has no body where HTTP allows none', () => {
  test.each([204, 304])('%i', async (status) => {
    const { receiver } = setup()
    receiver.answer('ping', () => ({ status, body: 'x' }))
    const { url, headers, body } = acme().sign!({ topic: 'ping', payload: {} })
    const reply = await receiver.fetch(
      new Request(url, { method: 'POST', headers, body: Buffer.from(body) }),
    )
    expect([reply.status, await reply.text()]).toEqual([status, ''])
  })

  test('HEAD', async () => {
    const { receiver } = setup({ provider: acme({ methods: ['HEAD'], greet }) })
    const reply = await receiver.fetch(new Request('https://example.com/', { method: 'HEAD' }))
    expect([reply.status, await reply.text()]).toEqual([200, ''])
  })
})
