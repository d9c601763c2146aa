import { trace } from '@opentelemetry/api'
import pino from 'pino'

/** The app's log. Each line contains the trace id and the span id of the active span. */
export const log = pino({
  mixin() {
    const span = trace.getActiveSpan()?.spanContext()
    return span ? { trace_id: span.traceId, span_id: span.spanId } : {}
  },
})
