import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { acme, listen } from '@postern/testing'
import { expect, test } from 'vitest'
import { startCollector, type CollectedSpan } from '../../../test/services/otlp.ts'
import { removeFolder, temporaryFolder } from '../../../test/services/temporary.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SENDER = 'b7ad6b7169203331'

/** Sends one delivery to an app that is killed after its reply, lets a second process run its task, and returns the trace. */
async function run(): Promise<{
  readonly spans: readonly CollectedSpan[]
  /** Trace context that the destination got. */
  readonly forwarded: string | undefined
}> {
  const folder = await temporaryFolder('otel')
  const collector = await startCollector()
  let forwarded: string | undefined
  const site = await listen((request, response) => {
    forwarded = request.headers['traceparent'] as string | undefined
    response.writeHead(204).end()
  }, '/in')
  const settings = {
    path: join(folder, 'inbox.db'),
    collector: collector.url,
    site: site.url,
  }
  const start = (role: string): ChildProcess =>
    fork(new URL('app.ts', import.meta.url), [JSON.stringify({ role, ...settings })], {
      execArgv: ['--no-warnings'],
    })
  try {
    const web = start('web')
    const [{ port }] = (await once(web, 'message')) as [{ port: number }]
    const { headers, body } = acme({ secret: 'shared' }).sign!({
      id: 'evt_1',
      topic: 'order.paid',
      payload: { total: 'payload-of-the-test' },
      headers: { traceparent: `00-${TRACE}-${SENDER}-01` },
    })
    const init = { method: 'POST', headers: { ...headers }, body }
    const reply = await fetch(`http://127.0.0.1:${port}/hooks`, init)
    expect(reply.status).toBe(200)
    web.send('flush')
    await once(web, 'message')
    web.kill('SIGKILL')
    await once(web, 'exit')
    const worker = start('worker')
    const [code] = (await once(worker, 'exit')) as [number]
    expect(code).toBe(0)
    return { spans: collector.spans, forwarded }
  } finally {
    await collector.close()
    await site.close()
    await removeFolder(folder)
  }
}

test('stored, killed, worked on by another process, forwarded: one connected trace, span by span', async () => {
  const { spans, forwarded } = await run()
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]))
  const one = (name: string, part?: string): CollectedSpan => {
    const found = spans.filter(
      (span) => span.name === name && (!part || Object.values(span.attributes).includes(part)),
    )
    expect(found, `${name} ${part ?? ''}`).toHaveLength(1)
    return found[0]!
  }
  const receive = one('receive shop')
  const send = one('send shop')
  const books = one('process shop', 'books')
  const attempts = spans.filter(
    (span) => span.name === 'process shop' && Object.values(span.attributes).includes('partners'),
  )
  const fanOut = attempts.find(({ attributes }) => !('postern.destination' in attributes))!
  const deliver = attempts.find(({ attributes }) => 'postern.destination' in attributes)!
  const insert = one('INSERT')
  const call = one('POST')
  expect(spans).toHaveLength(7)
  expect(
    [receive, send, fanOut, deliver, call, books, insert].map((span) => [
      span.service,
      span.kind,
      span.parentSpanId,
    ]),
  ).toEqual([
    ['web', 'SERVER', SENDER],
    ['web', 'PRODUCER', receive.spanId],
    ['worker', 'CONSUMER', send.spanId],
    ['worker', 'CONSUMER', send.spanId],
    ['worker', 'CLIENT', deliver.spanId],
    ['worker', 'CONSUMER', send.spanId],
    ['worker', 'INTERNAL', books.spanId],
  ])
  expect(receive.events).toEqual([
    'read',
    'greet',
    'verify',
    'parse',
    'identify',
    'accept',
    'reply',
  ])
  expect(forwarded).toBe(`00-${TRACE}-${call.spanId}-01`)
  expect(JSON.stringify(spans)).not.toContain('payload-of-the-test')
})
