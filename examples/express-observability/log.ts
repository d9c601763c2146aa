import { trace } from '@opentelemetry/api'
import pino from 'pino'

/** The log of the app: each line has the ids of the span that it was written in. */
export const log = pino({
  mixin() {
    const span = trace.getActiveSpan()?.spanContext()
    return span ? { trace_id: span.traceId, span_id: span.spanId } : {}
  },
})
