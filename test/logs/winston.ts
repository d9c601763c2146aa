import { trace } from '@opentelemetry/api'
import { createReceiver, structuredLogger } from '@postern/core'
import { otel } from '@postern/otel'
import { github } from '@postern/providers/github'
import winston from 'winston'

const telemetry = otel()
const { combine, json, timestamp } = winston.format

const traceIds = winston.format((info) => {
  const span = trace.getActiveSpan()?.spanContext()
  return span ? { ...info, trace_id: span.traceId, span_id: span.spanId } : info
})

export const log = winston.createLogger({
  format: combine(traceIds(), timestamp(), json()),
  transports: [new winston.transports.Console()],
})

export const receiver = createReceiver({
  provider: github({ secret: process.env['GITHUB_WEBHOOK_SECRET']! }),
  observers: [telemetry],
  log: telemetry.inTrace(
    structuredLogger((level, message, fields) => log.log(level, message, fields)),
  ),
})
