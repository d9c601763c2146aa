import { trace } from '@opentelemetry/api'
import { createReceiver, structuredLogger } from '@postern/core'
import { otel } from '@postern/otel'
import { github } from '@postern/providers/github'
import pino from 'pino'

const telemetry = otel()

export const log = pino({
  mixin() {
    const span = trace.getActiveSpan()?.spanContext()
    return span ? { trace_id: span.traceId, span_id: span.spanId } : {}
  },
})

export const receiver = createReceiver({
  provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
  observers: [telemetry],
  log: telemetry.inTrace(structuredLogger((level, message, fields) => log[level](fields, message))),
})
