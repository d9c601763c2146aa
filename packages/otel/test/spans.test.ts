import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AlwaysOffSampler, type ReadableSpan } from '@opentelemetry/sdk-trace'
import {
  inlineInbox,
  memoryInbox,
  PostponeError,
  UnrecoverableError,
  WebhookError,
} from '@postern/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createScene } from './scene.ts'
import { startSdk, type Sdk } from './sdk.ts'

const SENDER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const SENDER_TRACE = SENDER.slice(3, 35)

let sdk: Sdk
beforeEach(() => {
  sdk = startSdk()
})
afterEach(() => sdk.stop())

function linksOf(span: ReadableSpan): readonly string[] {
  return span.links.map((link) => link.context.spanId)
}

test('a delivery: receive with its steps, send below it, process linked to send', async () => {
  const { receiver, send, ended } = createScene()
  let inside: string | undefined
  receiver.on('ping', async () => {
    await Promise.resolve()
    inside = trace.getActiveSpan()?.spanContext().spanId
  })
  await send()
  await ended()
  const [receive] = sdk.named('receive shop')
  const [sent] = sdk.named('send shop')
  const [process] = await sdk.until('process shop')
  expect(sdk.spans).toHaveLength(3)
  expect(receive).toMatchObject({
    kind: SpanKind.SERVER,
    parentSpanContext: undefined,
    links: [],
    status: { code: SpanStatusCode.UNSET },
    attributes: {
      'messaging.destination.name': 'shop',
      'postern.provider': 'acme',
      'postern.outcome': 'accepted',
      'postern.topic': 'ping',
      'messaging.message.id': 'evt_1',
      'http.request.method': 'POST',
      'http.request.body.size': 2,
      'http.response.status_code': 200,
    },
  })
  expect(receive!.events.map(({ name }) => name)).toEqual([
    'read',
    'greet',
    'verify',
    'parse',
    'identify',
    'accept',
    'reply',
  ])
  expect(sent).toMatchObject({
    kind: SpanKind.PRODUCER,
    parentSpanContext: { spanId: receive!.spanContext().spanId },
    attributes: {
      'messaging.system': 'postern',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'shop',
      'messaging.message.id': 'evt_1',
      'postern.outcome': 'accepted',
    },
  })
  expect(process).toMatchObject({
    kind: SpanKind.CONSUMER,
    parentSpanContext: undefined,
    attributes: {
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'shop',
      'messaging.consumer.group.name': 'ping',
      'messaging.message.id': 'evt_1',
      'postern.topic': 'ping',
      'postern.task.attempt': 1,
      'postern.outcome': 'done',
    },
  })
  expect(linksOf(process!)).toEqual([sent!.spanContext().spanId])
  expect(process!.spanContext().traceId).not.toBe(sent!.spanContext().traceId)
  expect(inside).toBe(process!.spanContext().spanId)
})

test('times: steps lie within receive, and send ends with the step accept', async () => {
  const { receiver, send } = createScene()
  receiver.on('ping', () => {})
  await send()
  const [receive] = sdk.named('receive shop')
  const [sent] = sdk.named('send shop')
  const times = [
    receive!.startTime,
    ...receive!.events.map(({ time }) => time),
    receive!.endTime,
  ].map(([seconds, nanos]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos))
  expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : 1)))
  const step = (name: string) => receive!.events.find((event) => event.name === name)!.time
  expect(sent!.endTime).toEqual(step('accept'))
})

test('below a span of an HTTP instrumentation, receive is its child', async () => {
  const { receiver, send } = createScene()
  receiver.on('ping', () => {})
  const server = trace.getTracer('http').startSpan('POST /webhooks', { kind: SpanKind.SERVER })
  await context.with(trace.setSpan(ROOT_CONTEXT, server), () => send())
  const [receive] = sdk.named('receive shop')
  expect(receive).toMatchObject({
    kind: SpanKind.INTERNAL,
    parentSpanContext: { spanId: server.spanContext().spanId },
  })
})

test("the sender's trace is a link, of receive and of each attempt", async () => {
  const { receiver, send, ended } = createScene()
  receiver.on('ping', () => {})
  await send({ headers: { traceparent: SENDER, tracestate: 'acme=1' } })
  await ended()
  const [receive] = sdk.named('receive shop')
  const [process] = await sdk.until('process shop')
  expect(receive!.spanContext().traceId).not.toBe(SENDER_TRACE)
  expect(receive!.links.map((link) => link.context.traceId)).toEqual([SENDER_TRACE])
  expect(linksOf(process!)).toEqual([
    sdk.named('send shop')[0]!.spanContext().spanId,
    'b7ad6b7169203331',
  ])
  expect(process!.links[1]!.context.traceState?.get('acme')).toBe('1')
})

test("trustSender continues the sender's trace, and sameTrace goes on in the attempts", async () => {
  const { receiver, send, ended } = createScene({ trustSender: true, sameTrace: true })
  receiver.on('ping', () => {})
  await send({ headers: { traceparent: SENDER } })
  await ended()
  await sdk.until('process shop')
  const [receive] = sdk.named('receive shop')
  const [sent] = sdk.named('send shop')
  const [process] = sdk.named('process shop')
  expect(receive!.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(receive!.links).toEqual([])
  expect(process!.parentSpanContext?.spanId).toBe(sent!.spanContext().spanId)
  expect(new Set(sdk.spans.map((span) => span.spanContext().traceId))).toEqual(
    new Set([SENDER_TRACE]),
  )
})

test.each([
  '',
  'nonsense',
  SENDER.replace('00-', 'ff-'),
  `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
  `${SENDER}\u0000`,
])('a traceparent that is none makes no link: %j', async (traceparent) => {
  const { receiver, send } = createScene({ trustSender: true })
  receiver.on('ping', () => {})
  await send({ headers: { traceparent } })
  const [receive] = sdk.named('receive shop')
  expect([receive!.links, receive!.parentSpanContext]).toEqual([[], undefined])
})

test('a rejection has its code and no reason; only one of ours is an error', async () => {
  const { receiver } = createScene()
  receiver.on('ping', () => {})
  const forged = {
    method: 'POST',
    url: '/?token=in-the-query',
    headers: {},
    body: Buffer.from('{}'),
  }
  await receiver.receive(forged)
  receiver.reject({ method: 'BREW', url: '/' }, new WebhookError('overloaded', 'why'))
  const [first, second] = sdk.named('receive shop')
  expect(first).toMatchObject({
    status: { code: SpanStatusCode.UNSET },
    attributes: { 'error.type': 'missing_header', 'http.response.status_code': 401 },
  })
  expect(second).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'overloaded', 'http.request.method': '_OTHER' },
  })
  expect(
    JSON.stringify(sdk.spans.map(({ attributes, status }) => [attributes, status])),
  ).not.toMatch(/in-the-query|why/)
  expect(sdk.named('send shop')).toEqual([])
})

test('an inbox that rejects fails send too', async () => {
  const { receiver, send } = createScene({
    receiver: { inbox: memoryInbox({ maxPending: 1 }), worker: 'onDemand' },
  })
  receiver.on('ping', () => {})
  await send({ id: 'a' })
  expect((await send({ id: 'b' })).status).toBe(503)
  expect(sdk.named('send shop')[1]).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'inbox_full' },
  })
})

test('failed attempts: the kind of the error and what follows, not its message', async () => {
  const { receiver, send, ended } = createScene()
  receiver.on('ping', { retry: { attempts: 2, initialDelay: 0 } }, async () => {
    throw new RangeError('quotes the payload')
  })
  await send()
  await ended()
  const [first, second] = sdk.named('process shop')
  expect(first).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'RangeError', 'postern.outcome': 'retry' },
    events: [{ name: 'exception', attributes: { 'exception.type': 'RangeError' } }],
  })
  expect(second!.attributes).toMatchObject({
    'postern.task.attempt': 2,
    'postern.outcome': 'dead',
  })
  expect(linksOf(second!)).toEqual(linksOf(first!))
  expect(JSON.stringify([first!.events, first!.status])).not.toContain('quotes')
})

test('exceptions: true records message and stack', async () => {
  const { receiver, send, ended } = createScene({ exceptions: true })
  receiver.on('ping', () => {
    throw new UnrecoverableError('quotes the payload')
  })
  await send()
  await ended()
  expect(sdk.named('process shop')[0]!.events[0]!.attributes).toMatchObject({
    'exception.type': 'UnrecoverableError',
    'exception.message': 'quotes the payload',
    'exception.stacktrace': expect.stringContaining('spans.test.ts'),
  })
})

test('an attempt that times out ends once, as a failure, though its handler goes on', async () => {
  const { receiver, send, ended } = createScene()
  let finish = (): void => {}
  const done = new Promise<void>((resolve) => {
    receiver.on('ping', { timeout: 20, retry: { attempts: 1 } }, async () => {
      await new Promise<void>((go) => (finish = go))
      resolve()
    })
  })
  await send()
  await ended()
  finish()
  await done
  expect(sdk.named('process shop').map(({ attributes }) => attributes['postern.outcome'])).toEqual([
    'dead',
  ])
})

test('a postponed attempt is no failure', async () => {
  const { receiver, send, ended } = createScene()
  let times = 0
  receiver.on('ping', () => {
    if (times++ === 0) throw new PostponeError(1)
  })
  await send()
  await ended()
  expect(sdk.named('process shop').map(({ attributes }) => attributes['postern.outcome'])).toEqual([
    'postpone',
    'done',
  ])
  expect(sdk.named('process shop')[0]!.status.code).toBe(SpanStatusCode.UNSET)
})

test('a payload that does not match its schema has a span, without a handler', async () => {
  const { receiver, send, ended } = createScene()
  const schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({ issues: [{ message: 'no' }] }),
    },
  } as const
  receiver.on('ping', { schema }, () => {})
  await send()
  await ended()
  expect(sdk.named('process shop')[0]!.attributes['error.type']).toBe('SchemaMismatch')
})

test('an inbox that runs handlers inside the request has the same spans', async () => {
  const { receiver, send } = createScene({ receiver: { inbox: inlineInbox() } })
  receiver.on('ping', () => {})
  await send()
  const [process] = sdk.named('process shop')
  expect(linksOf(process!)).toEqual([sdk.named('send shop')[0]!.spanContext().spanId])
})

test('a redelivery sends nothing, and a batch says how many', async () => {
  const { receiver, send } = createScene({ receiver: { worker: 'onDemand' } })
  receiver.on('ping', () => {})
  await send()
  await send()
  expect(sdk.named('send shop').map(({ attributes }) => attributes['postern.outcome'])).toEqual([
    'accepted',
    'duplicate',
  ])
})

test('what `take` hands in has a send span, without a request', async () => {
  const { receiver, ended } = createScene()
  receiver.on('ping', () => {})
  await receiver.ingest({
    method: 'POST',
    url: '/',
    headers: { 'x-acme-topic': 'ping', 'x-acme-id': 'evt_9', 'content-type': 'application/json' },
    body: Buffer.from('{}'),
  })
  await ended()
  const [process] = await sdk.until('process shop')
  expect(sdk.named('receive shop')).toEqual([])
  expect(linksOf(process!)).toEqual([sdk.named('send shop')[0]!.spanContext().spanId])
  expect(sdk.named('send shop')[0]!.attributes['messaging.message.id']).toBe('evt_9')
})

test('a trace that is not sampled is not recorded, and its context is stored all the same', async () => {
  await sdk.stop()
  sdk = startSdk({ sampler: new AlwaysOffSampler() })
  const { receiver, send, ended } = createScene()
  let carrier: Readonly<Record<string, string>> | undefined
  receiver.on('ping', (event) => void (carrier = event.carrier))
  await send()
  await ended()
  expect(sdk.spans).toEqual([])
  expect(carrier?.['traceparent']).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/)
})

test('an SDK that is registered later is found; without one nothing is stored', async () => {
  await sdk.stop()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { receiver, send, ended } = createScene()
  const carriers: unknown[] = []
  receiver.on('ping', (event) => void carriers.push(event.carrier))
  await send({ id: 'a' })
  await ended()
  sdk = startSdk()
  vi.advanceTimersByTime(1000)
  vi.useRealTimers()
  await send({ id: 'b' })
  await ended(2)
  expect(carriers[0]).toBeUndefined()
  expect(carriers[1]).toBeDefined()
  expect(sdk.named('receive shop')).toHaveLength(1)
  expect(await sdk.points('postern.deliveries')).toHaveLength(1)
})
