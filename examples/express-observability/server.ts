// Stripe on Express and SQLite, with traces over OTLP, metrics for Prometheus at /metrics, and log lines with the trace
// id. The trace id leads from a log line to the trace, which shows what the handler did.
import { trace } from '@opentelemetry/api'
import { createReceiver, structuredLogger } from '@postern/core'
import { closeOnSignal, serve, webhook } from '@postern/express'
import { otel } from '@postern/otel'
import { metricsRoute } from '@postern/otel/prometheus'
import { stripe } from '@postern/providers/stripe'
import { sqliteInbox } from '@postern/sqlite'
import express from 'express'
import { log } from './log.ts'
import { sdk } from './telemetry.ts'

// Prometheus reads the metrics from /metrics, so the observer records only traces.
const telemetry = otel({ meter: false })
const inbox = sqliteInbox({ path: process.env['WEBHOOKS_DB'] ?? 'webhooks.db' })
const receiver = createReceiver({
  provider: stripe({ secret: process.env['STRIPE_WEBHOOK_SECRET']! }),
  inbox,
  observers: [telemetry],
  log: telemetry.inTrace(structuredLogger((level, message, fields) => log[level](fields, message))),
})

const tracer = trace.getTracer('shop')
receiver.on(
  'invoice.paid',
  { name: 'book', retry: { attempts: 3, initialDelay: 50 } },
  (event, task) =>
    // This span is a child of the attempt's span, like the spans of an instrumented database.
    tracer.startActiveSpan('book invoice', (span) => {
      try {
        const { id } = (event.payload as StripeEvent).data.object
        if (id === undefined) throw new TypeError('an invoice without an id')
        log.info({ attempt: task.attempt }, `booked ${id}`)
      } finally {
        span.end()
      }
    }),
)

interface StripeEvent {
  data: { object: { id?: string } }
}

const app = express()
app.all('/webhooks/stripe', webhook(receiver))
app.get('/metrics', serve(metricsRoute([receiver])))
const server = app.listen(Number(process.env['PORT'] ?? 3000), () => {
  log.info({ address: server.address() }, 'listening')
})
closeOnSignal({ server, receivers: [receiver], inboxes: [inbox, sdk] })
