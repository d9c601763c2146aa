import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { send, startExample, stripeEvent } from './example.ts'
import { startCollector, type CollectedSpan } from '../services/otlp.ts'

const secret = 'whsec_of the example'

test('express-observability shows one delivery as a trace, as metrics and in the log', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-express-observability-'))
  const collector = await startCollector()
  const env = {
    STRIPE_WEBHOOK_SECRET: secret,
    WEBHOOKS_DB: join(folder, 'webhooks.db'),
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  }
  const example = await startExample('express-observability', env, { port: /"port":(\d+)/ })
  try {
    const { port } = example
    const sender = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
    const paid = stripeEvent(secret, port, 'evt_1', { id: 'in_4711', card: '4242' })
    const traceparent = `00-${sender.traceId}-${sender.spanId}-01`
    const reply = await send({ ...paid, headers: { ...paid.headers, traceparent } })
    expect(reply.status).toBe(200)
    const booked = JSON.parse(await example.line('booked in_4711')) as Line
    expect((await send(stripeEvent(secret, port, 'evt_2', {}))).status).toBe(200)
    const dead = JSON.parse(await example.line('is dead')) as Line
    expect((await send({ ...paid, body: Buffer.from('{}') })).status).toBe(401)
    const rejected = JSON.parse(await example.line('signature_mismatch')) as Line
    const metrics = await (await fetch(`http://localhost:${port}/metrics`)).text()

    // The SDK sends the remaining spans when the process ends.
    expect(await example.end()).toBe(0)
    const { spans } = collector
    const named = (name: string, id: string): CollectedSpan =>
      spans.find((span) => span.name === name && span.attributes['messaging.message.id'] === id)!

    const receive = named('receive stripe', 'evt_1')
    const sent = named('send stripe', 'evt_1')
    const process1 = named('process stripe', 'evt_1')
    const own = spans.find(
      ({ name, parentSpanId }) => name === 'book invoice' && parentSpanId === process1.spanId,
    )!
    expect([receive, sent, process1, own].map(({ kind }) => kind)).toEqual([
      'SERVER',
      'PRODUCER',
      'CONSUMER',
      'INTERNAL',
    ])
    // The sender's trace is a link and not the parent, because anybody can send a trace header.
    expect(receive.links).toEqual([expect.objectContaining(sender)])
    expect(sent).toMatchObject({ traceId: receive.traceId, parentSpanId: receive.spanId })
    expect(process1.links).toEqual([
      expect.objectContaining({ traceId: sent.traceId, spanId: sent.spanId }),
      expect.objectContaining(sender),
    ])
    expect(own.traceId).toBe(process1.traceId)
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['webhooks']))

    expect(booked).toMatchObject({ trace_id: own.traceId, span_id: own.spanId, level: 30 })
    const attempts = spans.filter(
      ({ name, attributes }) =>
        name === 'process stripe' && attributes['messaging.message.id'] === 'evt_2',
    )
    expect(new Set(attempts.map(({ attributes }) => attributes['postern.task.attempt']))).toEqual(
      new Set([1, 2, 3]),
    )
    expect(attempts.map(({ spanId }) => spanId)).toContain(dead.span_id)
    expect(dead).toMatchObject({ level: 50, subscription: 'book', attempt: 3 })
    const rejection = spans.find(
      ({ attributes }) => attributes['error.type'] === 'signature_mismatch',
    )!
    expect(rejected).toMatchObject({
      trace_id: rejection.traceId,
      span_id: rejection.spanId,
      level: 40,
    })

    const receiver = 'messaging_destination_name="stripe"'
    expect(metrics.split('\n')).toEqual(
      expect.arrayContaining([
        `postern_deliveries_total{${receiver},postern_provider="stripe",postern_outcome="accepted"} 2`,
        `postern_deliveries_total{${receiver},postern_provider="stripe",postern_outcome="rejected",error_type="signature_mismatch"} 1`,
        `postern_inbox_tasks{${receiver},messaging_consumer_group_name="book",postern_state="dead"} 1`,
        `postern_inbox_up{${receiver}} 1`,
      ]),
    )
    const everything = [JSON.stringify(spans), metrics, ...example.lines].join('\n')
    expect(everything).not.toMatch(/4242|whsec|v1=/)
  } finally {
    await example.stop()
    await collector.close()
    rmSync(folder, { recursive: true })
  }
})

interface Line {
  readonly level: number
  readonly trace_id: string
  readonly span_id: string
  readonly [field: string]: unknown
}
