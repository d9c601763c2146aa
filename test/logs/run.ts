// `node run.ts pino` sends deliveries with all outcomes, with a real logger and a real OpenTelemetry SDK. Log lines go
// to stdout. The last line of stderr contains the spans.
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { UnrecoverableError } from '@postern/core'
import { github } from '@postern/providers/github'
import { settled } from '@postern/testing'
import type { log as pinoLog, receiver as pinoReceiver } from './pino.ts'

const exporter = new InMemorySpanExporter()
context.setGlobalContextManager(new AsyncLocalStorageContextManager())
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }),
)

const secret = process.env['GITHUB_WEBHOOK_SECRET']!
const { log, receiver } = (await import(`./${process.argv[2]}.ts`)) as {
  readonly log: Pick<typeof pinoLog, 'info'>
  readonly receiver: typeof pinoReceiver
}
receiver.on(
  'push',
  { name: 'build', retry: { attempts: 2, initialDelay: 1 } },
  async (_event, task) => {
    await Promise.resolve()
    log.info(`builds, attempt ${task.attempt}`)
    if (task.attempt === 1) throw new RangeError('no room')
  },
)
receiver.on('ping', { name: 'pong' }, () => {
  throw new UnrecoverableError('nobody is here')
})

const send = (topic: string, changed = {}): Promise<unknown> => {
  const signed = github({ secret }).sign!({ topic, id: topic, payload: {} })
  return receiver.receive({ ...signed, headers: { ...signed.headers, ...changed } })
}
await send('push')
await send('ping')
await send('watch')
await send('push', { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` })
await settled(receiver)
await receiver.close()
const spans = exporter.getFinishedSpans().map((span) => {
  const { traceId, spanId } = span.spanContext()
  return { name: span.name, attributes: span.attributes, traceId, spanId }
})
console.error(JSON.stringify(spans))
