import { createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api'

/** A trace context as strings, by https://www.w3.org/TR/trace-context/. */
interface TraceStrings {
  readonly traceparent: string
  readonly tracestate?: string
}

// Beside the trace context of the delivery, that of the sender: both become links of the attempts.
const SENDER = { traceparent: 'sender.traceparent', tracestate: 'sender.tracestate' }
const FORM = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/

/** The trace context of strings; undefined if they have not its form. */
export function readTrace(given: Partial<TraceStrings> | undefined): SpanContext | undefined {
  const [, traceId, spanId, flags] = FORM.exec(given?.traceparent ?? '') ?? []
  if (traceId === undefined || given!.traceparent!.startsWith('ff')) return undefined
  const context: SpanContext = {
    traceId,
    spanId: spanId!,
    traceFlags: Number.parseInt(flags!, 16) & 1,
    isRemote: true,
    ...(given!.tracestate !== undefined && { traceState: createTraceState(given!.tracestate) }),
  }
  return isSpanContextValid(context) ? context : undefined
}

/** The trace context as strings. */
export function writeTrace({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceStrings {
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0')
  const tracestate = traceState?.serialize()
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    ...(tracestate && { tracestate }),
  }
}

/** What is stored with an event: the trace context of its delivery, and the sender's if it has one. */
export function writeCarrier(
  delivery: SpanContext,
  sender: SpanContext | undefined,
): Record<string, string> {
  const from = sender && writeTrace(sender)
  return {
    ...writeTrace(delivery),
    ...(from && { [SENDER.traceparent]: from.traceparent }),
    ...(from?.tracestate && { [SENDER.tracestate]: from.tracestate }),
  }
}

/** The trace contexts that were stored with an event. */
export function readCarrier(carrier: Readonly<Record<string, string>> | undefined): {
  readonly delivery: SpanContext | undefined
  readonly sender: SpanContext | undefined
} {
  if (!carrier) return { delivery: undefined, sender: undefined }
  const tracestate = carrier[SENDER.tracestate]
  return {
    delivery: readTrace(carrier),
    sender: readTrace({
      traceparent: carrier[SENDER.traceparent]!,
      ...(tracestate !== undefined && { tracestate }),
    }),
  }
}
