// App in its own process: `web` stores deliveries, `worker` runs their tasks, each with an SDK that exports by OTLP.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, propagation, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { createReceiver } from '@postern/core'
import { forward } from '@postern/forward'
import { webhook } from '@postern/node'
import { sqliteInbox } from '@postern/sqlite'
import { acme } from '@postern/testing'
import { otel } from '../src/index.ts'

const { role, path, collector, site } = JSON.parse(process.argv[2]!) as {
  readonly role: 'web' | 'worker'
  readonly path: string
  readonly collector: string
  readonly site: string
}

const traces = new TracerProvider({
  resource: resourceFromAttributes({ 'service.name': role }),
  spanProcessors: [
    new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${collector}/v1/traces` }) }),
  ],
})
trace.setGlobalTracerProvider(traces)
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
propagation.setGlobalPropagator(new W3CTraceContextPropagator())

const inbox = sqliteInbox({ path })
const receiver = createReceiver({
  name: 'shop',
  provider: acme({ secret: 'shared' }),
  inbox,
  worker: role === 'worker',
  observers: [otel({ trustSender: true, sameTrace: true })],
})
const partners = forward({
  to: { id: 'partner', url: site },
  sign: false,
  allowPrivate: true,
  allowHttp: true,
})
receiver.on('order.paid', { name: 'partners' }, partners)
receiver.on('order.paid', { name: 'books' }, async () => {
  await Promise.resolve()
  trace.getTracer('database').startSpan('INSERT').end()
})

if (role === 'web') {
  const server = createServer(webhook(receiver)).listen(0, '127.0.0.1', () => {
    process.send!({ port: (server.address() as AddressInfo).port })
  })
  // Only the telemetry shuts down: acknowledged events must survive a kill.
  process.on('message', () => {
    void traces.shutdown().then(() => process.send!('flushed'))
  })
} else {
  let left = 3
  receiver.observe({
    done() {
      if (--left > 0) return
      void (async () => {
        await receiver.close()
        await partners.close()
        await inbox.close()
        await traces.shutdown()
        process.disconnect()
      })()
    },
  })
}
