import {
  context,
  SpanKind,
  trace,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  createTraceState,
  isSpanContextValid,
  createContextKey,
  ROOT_CONTEXT,
  SpanStatusCode,
  type ProxyTracerProvider,
  type Tracer,
} from '@opentelemetry/api'
import type { EventInfo, Observer, RequestInfo } from '@postern/core'

/** Spans of deliveries: a span `receive` for each delivery, and a span `send` for storing its events. */
interface DeliverySpans {
  readonly observer: Pick<
    Observer,
    'received' | 'step' | 'carrier' | 'accepted' | 'duplicate' | 'replied'
  >
  /** Returns the trace context of a delivery; undefined without an SDK. */
  contextOf(this: void, request: RequestInfo): Context | undefined
}

interface Open {
  readonly receive: Span | undefined
  readonly context: Context
  readonly sender: SpanContext | undefined
  send?: Span
  /** Time of the last step, in milliseconds of the receiver's monotonic clock. */
  at: number
  /** End of the step `accept`, in milliseconds of the same clock. */
  accepted?: number
}

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
  'QUERY',
])

export function createDeliverySpans(tracing: Tracing): DeliverySpans {
  // No method is called when a delivery of `receiver.ingest` has ended, so a weak map drops its entry.
  const open = new WeakMap<RequestInfo, Open>()

  return {
    contextOf: (request) => (open.get(request) ?? begin(request))?.context,
    observer: {
      received: (request) => void begin(request),
      step(request, name, at) {
        const spans = open.get(request)
        if (!spans) return
        spans.at = at
        spans.receive?.addEvent(name, timeOf(request, at))
        if (name === 'accept') spans.accepted = at
      },
      carrier(request) {
        const tracer = tracing.tracer()
        if (!tracer) return undefined
        const spans = open.get(request) ?? taken(request)
        const { receiver, provider } = request
        spans.send = tracer.startSpan(
          `send ${receiver}`,
          {
            kind: SpanKind.PRODUCER,
            startTime: timeOf(request, spans.at),
            attributes: {
              'messaging.system': 'postern',
              'messaging.operation.name': 'send',
              'messaging.operation.type': 'send',
              'messaging.destination.name': receiver,
              'postern.provider': provider,
            },
          },
          spans.context,
        )
        return writeCarrier(spans.send.spanContext(), spans.sender)
      },
      accepted: (event, _, request) => sent(event, request),
      duplicate: (event, _, request) => sent(event, request),
      replied(request, { outcome, status, took, code, events }) {
        const spans = open.get(request) ?? begin(request)
        if (!spans) return
        const end = hrTime(request.at + took)
        const { receive, send } = spans
        if (receive) {
          receive.setAttributes({ 'postern.outcome': outcome, 'http.response.status_code': status })
          // A 4xx status is the sender's error, so the span of the receiver has not failed. OpenTelemetry treats HTTP
          // servers likewise.
          if (code !== undefined && status >= 500) markFailed(receive, code)
          else if (code !== undefined) receive.setAttribute('error.type', code)
          describe(receive, events)
        }
        if (send) {
          if (code !== undefined) markFailed(send, code)
          else send.setAttribute('postern.outcome', outcome)
          describe(send, events)
          // The span `send` ends at the step `accept`, before the reply. If the inbox rejected the events, that step is
          // missing.
          send.end(spans.accepted === undefined ? end : timeOf(request, spans.accepted))
        }
        receive?.end(end)
      },
    },
  }

  function begin(request: RequestInfo): Open | undefined {
    const tracer = tracing.tracer()
    if (!tracer) return undefined
    const { receiver, provider, method, bytes, at, started } = request
    const active = context.active()
    const local = trace.getSpan(active)
    const sender = readTrace(request.trace)
    const goesOn = !local && sender && tracing.trustSender
    // An HTTP instrumentation may have put the active span into the sender's trace. Then the span needs no link to that
    // trace.
    const known = goesOn || sender?.traceId === local?.spanContext().traceId
    const links: Link[] = sender && !known ? [{ context: sender }] : []
    const receive = tracer.startSpan(
      `receive ${receiver}`,
      {
        kind: local ? SpanKind.INTERNAL : SpanKind.SERVER,
        startTime: at,
        links,
        attributes: {
          'messaging.destination.name': receiver,
          'postern.provider': provider,
          'http.request.method': METHODS.has(method) ? method : '_OTHER',
          'http.request.body.size': bytes,
        },
      },
      goesOn ? trace.setSpanContext(active, sender) : active,
    )
    const spans: Open = { receive, context: trace.setSpan(active, receive), sender, at: started }
    open.set(request, spans)
    return spans
  }

  /** Starts to follow a delivery of `receiver.ingest`, which has no reply and therefore no span `receive`. */
  function taken(request: RequestInfo): Open {
    const { started } = request
    const spans: Open = {
      receive: undefined,
      context: context.active(),
      sender: readTrace(request.trace),
      at: started,
    }
    open.set(request, spans)
    return spans
  }

  function sent(event: EventInfo, request: RequestInfo): void {
    const spans = open.get(request)
    if (!spans || spans.receive || !spans.send) return
    describe(spans.send, [event])
    spans.send.end()
  }
}

/** Converts a time of the receiver's monotonic clock to OpenTelemetry's wall time. */
function timeOf({ at, started }: RequestInfo, clock: number): [number, number] {
  return hrTime(at + clock - started)
}

function describe(span: Span, events: readonly EventInfo[]): void {
  const [first] = events
  if (!first) return
  if (events.length > 1) span.setAttribute('messaging.batch.message_count', events.length)
  else {
    span.setAttribute('postern.topic', short(first.topic))
    if (first.id !== undefined) span.setAttribute('messaging.message.id', short(first.id))
  }
}

/** Trace context as header values: https://www.w3.org/TR/trace-context/. */
interface TraceStrings {
  readonly traceparent: string
  readonly tracestate?: string
}

// Keys under which the sender's trace context is stored with an event. Spans of attempts link to the sender and to the
// delivery.
const SENDER = { traceparent: 'sender.traceparent', tracestate: 'sender.tracestate' }
const FORM = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/

function readTrace(given: Partial<TraceStrings> | undefined): SpanContext | undefined {
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

export function writeTrace({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceStrings {
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0')
  const tracestate = traceState?.serialize()
  return {
    traceparent: `00-${traceId}-${spanId}-${flags}`,
    ...(tracestate && { tracestate }),
  }
}

/** Returns the values to store with an event: the trace context of its delivery, and the sender's if present. */
function writeCarrier(
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

export interface Tracing {
  /** Returns the tracer. Undefined without an SDK, because its spans would go nowhere. */
  tracer(): Tracer | undefined
  /** True continues the sender's trace. False links to that trace. */
  readonly trustSender: boolean
  /** True puts attempts into the trace of the delivery. False links to that trace. */
  readonly sameTrace: boolean
  /** True records the message and the stack of handler errors. */
  readonly exceptions: boolean
}

const SCOPE = 'postern'

/** Returns a function that finds the tracer of the global provider once an SDK is registered. */
export function globalTracer(): () => Tracer | undefined {
  let from: unknown
  let tracer: Tracer | undefined
  return () => {
    const provider = trace.getTracerProvider()
    if (provider === from && tracer) return tracer
    from = provider
    tracer = undefined
    // Without an SDK, `provider` is a proxy without a delegate, so `getDelegateTracer` returns undefined.
    if (!('getDelegateTracer' in provider)) return (tracer = provider.getTracer(SCOPE))
    return (tracer = (provider as ProxyTracerProvider).getDelegateTracer(SCOPE))
  }
}

/** Returns a context with only this span, since the active context belongs to other code in a worker. */
export function rootOf(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span)
}

// Instrumentations create no spans in a context that has this key.
// https://github.com/open-telemetry/opentelemetry-js/blob/main/packages/opentelemetry-core/src/trace/suppress-tracing.ts
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** In the returned context, node:http's instrumentation adds no second span and header to the call. */
export function suppressed(of: Context): Context {
  return of.setValue(SUPPRESSED, true)
}

/** Returns the active context if it has a span or if `other` is undefined. Otherwise returns `other`. */
export function activeOr(other: Context | undefined): Context {
  const active = context.active()
  return other === undefined || trace.getSpan(active) ? active : other
}

/** Marks a span as failed, with the type of the error but without its message, which may quote a payload. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

const LONGEST = 200

/** Bounds the length of an attribute value, because ids and topics come from the network. */
export function short(text: string): string {
  return text.length > LONGEST ? text.slice(0, LONGEST) : text
}

/** Converts milliseconds since 1970 to OpenTelemetry's pair of seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)]
}
