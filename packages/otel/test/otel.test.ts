import { metrics, trace } from '@opentelemetry/api'
import { structuredLogger, UnrecoverableError } from '@postern/core'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { INSTRUMENTS, otel } from '../src/index.ts'
import { createScene, SECRET } from './scene.ts'
import { startSdk, type Sdk } from './sdk.ts'

let sdk: Sdk
beforeEach(() => {
  sdk = startSdk()
})
afterEach(() => sdk.stop())

test('no payload, secret or header is in any attribute, event or metric', async () => {
  const { receiver, send, ended } = createScene()
  receiver.on('ping', { retry: { attempts: 2, initialDelay: 0 } }, (event) => {
    throw new UnrecoverableError(`could not use ${JSON.stringify(event.payload)}`)
  })
  await send({
    url: 'https://shop.example/hooks/canary-path?key=canary-query',
    payload: { card: 'canary-payload' },
    headers: { authorization: 'canary-header', 'user-agent': 'canary-agent' },
  })
  await receiver.receive({
    method: 'POST',
    url: '/canary-path',
    headers: { 'x-acme-signature': 'sha256=canary-signature' },
    body: Buffer.from('{"card":"canary-payload"}'),
  })
  await ended()
  await sdk.until('process shop')
  const points = await Promise.all(Object.values(INSTRUMENTS).map(({ name }) => sdk.points(name)))
  const shown = JSON.stringify([
    sdk.spans.map(({ name, attributes, events, status, links }) => [
      name,
      attributes,
      events,
      status,
      links,
    ]),
    points,
  ])
  expect(sdk.spans.length).toBeGreaterThan(3)
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const { attributes } of sdk.spans)
    for (const name of Object.keys(attributes)) expect(readme).toContain(`\`${name}\``)
  expect(shown).not.toContain('canary')
  expect(shown).not.toContain(SECRET)
})

test('inTrace: each line of a logger is written inside the span it is about', async () => {
  const lines: { readonly message: string; readonly traceId: string | undefined }[] = []
  const write = (_: string, message: string): void => {
    lines.push({ message, traceId: trace.getActiveSpan()?.spanContext().traceId })
  }
  const telemetry = otel()
  const { receiver, send, ended } = createScene({
    receiver: { log: telemetry.inTrace(structuredLogger(write)), observers: [telemetry] },
    tracer: false,
    meter: false,
  })
  receiver.on('ping', { retry: { attempts: 2, initialDelay: 0 } }, () => {
    throw new Error('no')
  })
  await send()
  await receiver.receive({ method: 'POST', url: '/', headers: {}, body: Buffer.from('{}') })
  await ended()
  const traceOf = (part: string) => lines.find(({ message }) => message.includes(part))!.traceId
  const [first, second] = sdk.named('process shop').map((span) => span.spanContext().traceId)
  expect(traceOf('attempt 1, failed')).toBe(first)
  expect(traceOf('attempt 2, failed')).toBe(second)
  expect(traceOf('is dead')).toBe(second)
  expect(traceOf('rejected')).toBe(sdk.named('receive shop')[1]!.spanContext().traceId)
  expect(new Set([first, second]).size).toBe(2)
})

test('a tracer and a meter of its own, or none', async () => {
  const { receiver, send } = createScene({ tracer: false, meter: metrics.getMeter('own') })
  receiver.on('ping', () => {})
  await send()
  expect(sdk.spans).toEqual([])
  expect(await sdk.points('postern.deliveries')).toHaveLength(1)
  const other = createScene({ tracer: trace.getTracer('own'), meter: false })
  other.receiver.on('ping', () => {})
  await other.send()
  expect(sdk.named('receive shop')[0]!.instrumentationScope.name).toBe('own')
})

test('mistakes are loud', () => {
  expect(() => otel({ traces: true } as never)).toThrow('traces')
  expect(() => otel({ tracer: {} as never })).toThrow(
    "otel: tracer has no startSpan; give trace.getTracer('postern')",
  )
  expect(() => otel({ meter: true as never })).toThrow('otel: meter has no createCounter')
  expect(() => otel({ sameTrace: 'yes' as never })).toThrow('otel: sameTrace must be true or false')
})

test('the README lists every instrument and every attribute', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  for (const { name, unit, attributes } of Object.values(INSTRUMENTS)) {
    expect(readme).toContain(`| \`${name}\` | `)
    expect(readme).toContain(unit)
    for (const attribute of attributes) expect(readme).toContain(`\`${attribute}\``)
  }
})
