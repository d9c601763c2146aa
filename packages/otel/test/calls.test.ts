import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { forward, type ForwardOptions } from '@postern/forward'
import { listen } from '@postern/testing'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { createScene, type Scene } from './scene.ts'
import { startSdk, type Sdk } from './sdk.ts'

let sdk: Sdk
beforeEach(() => {
  sdk = startSdk()
})
afterEach(() => sdk.stop())

async function openSite(statusOf: (nth: number) => number) {
  const got: IncomingMessage[] = []
  const { url, close } = await listen((request, response) => {
    got.push(request)
    response.writeHead(statusOf(got.length)).end()
  }, '/secret-path')
  onTestFinished(close)
  return { url, port: Number(new URL(url).port), got, close }
}

function forwarding(options: Partial<ForwardOptions> & Pick<ForwardOptions, 'to'>): Scene {
  const scene = createScene()
  const handler = forward({ sign: false, allowPrivate: true, allowHttp: true, ...options })
  scene.receiver.on('ping', { name: 'out' }, handler)
  onTestFinished(() => handler.close())
  return scene
}

const CLIENT = { kind: SpanKind.CLIENT } as const
const LANE = { 'messaging.destination.name': 'shop', 'messaging.consumer.group.name': 'out' }

test('each call of forward is a CLIENT span below its attempt, whose trace goes to the destination', async () => {
  const site = await openSite((nth) => (nth === 1 ? 500 : 204))
  const { send, ended } = forwarding({
    to: { id: 'partner', url: site.url },
    retry: { attempts: 3, initialDelay: 1 },
  })
  await send()
  await ended(2)
  const calls = await sdk.until('POST', 2)
  const attempts = sdk
    .named('process shop')
    .filter(({ attributes }) => attributes['postern.destination'] === 'partner')
  expect(calls.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
    attempts.map((span) => span.spanContext().spanId),
  )
  expect(calls[0]).toMatchObject({
    kind: SpanKind.CLIENT,
    status: { code: SpanStatusCode.ERROR },
    attributes: {
      'http.request.method': 'POST',
      'url.scheme': 'http',
      'server.address': '127.0.0.1',
      'server.port': site.port,
      'postern.destination': 'partner',
      'http.response.status_code': 500,
      'error.type': '500',
    },
  })
  expect(calls[1]!.attributes).toMatchObject({
    'http.response.status_code': 204,
    'http.request.resend_count': 1,
  })
  expect(site.got.map(({ headers }) => headers['traceparent'])).toEqual(
    calls.map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
  )
  expect(JSON.stringify(sdk.spans.map(({ attributes }) => attributes))).not.toContain('secret-path')
  const durations = await sdk.points('postern.forward.call.duration')
  const lane = { ...LANE, 'postern.destination': 'partner' }
  expect(durations.map(({ attributes }) => attributes)).toEqual([
    { ...lane, 'error.type': '500' },
    lane,
  ])
})

test('beside an instrumentation of node:http a call has one span and one traceparent', async () => {
  // Imitates an instrumentation of HTTP requests.
  let started = 0
  const listener = () => {
    started++
    trace.getTracer('http').startSpan('POST', CLIENT).end()
  }
  subscribe('http.client.request.start', listener)
  const site = await openSite(() => 204)
  const { send, ended } = forwarding({ to: site.url })
  await send()
  await ended(2)
  await sdk.until('POST')
  expect(sdk.spans.filter(({ kind }) => kind === SpanKind.CLIENT)).toHaveLength(1)
  const raw = site.got[0]!.rawHeaders.filter((name) => name.toLowerCase() === 'traceparent')
  expect(raw).toHaveLength(1)
  unsubscribe('http.client.request.start', listener)
  expect(started).toBe(1)
})

test('a destination that cannot be reached: the code of the error, and its breaker', async () => {
  const site = await openSite(() => 204)
  await site.close()
  const { send, ended } = forwarding({
    to: { id: 'gone', url: site.url },
    retry: { attempts: 1 },
    breaker: { failures: 1, pause: '1h' },
  })
  await send()
  await ended(2)
  const [call] = await sdk.until('POST')
  expect(call!.attributes['error.type']).toBe('ECONNREFUSED')
  const lane = { ...LANE, 'postern.destination': 'gone' }
  expect(await sdk.points('postern.forward.breakers')).toEqual([
    { attributes: { ...lane, 'postern.state': 'closed' }, value: 0 },
    { attributes: { ...lane, 'postern.state': 'open' }, value: 1 },
    { attributes: { ...lane, 'postern.state': 'half_open' }, value: 0 },
  ])
})
