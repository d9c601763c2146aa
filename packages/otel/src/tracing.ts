import {
  context,
  createContextKey,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type ProxyTracerProvider,
  type Span,
  type Tracer,
} from '@opentelemetry/api'

/** Where spans come from, and what they may show. */
export interface Tracing {
  /** The tracer; undefined while there is no SDK, so that nothing is made for nobody. */
  tracer(): Tracer | undefined
  /** The sender's trace goes on, in place of a link to it. */
  readonly trustSender: boolean
  /** Attempts belong to the trace of the delivery, in place of a link to it. */
  readonly sameTrace: boolean
  /** Errors of handlers with message and stack. */
  readonly exceptions: boolean
}

const SCOPE = 'postern'

/** The tracer of the global provider, as soon as an SDK is registered. */
export function globalTracer(): () => Tracer | undefined {
  let from: unknown
  let tracer: Tracer | undefined
  return () => {
    const provider = trace.getTracerProvider()
    if (provider === from && tracer) return tracer
    from = provider
    tracer = undefined
    // Without an SDK the API's proxy has no delegate, and its spans would be made for nobody.
    if (!('getDelegateTracer' in provider)) return (tracer = provider.getTracer(SCOPE))
    return (tracer = (provider as ProxyTracerProvider).getDelegateTracer(SCOPE))
  }
}

/** A context with the span and nothing else: what is active where a worker runs belongs to somebody else. */
export function rootOf(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span)
}

// SDKs and instrumentations know this key. https://github.com/open-telemetry/opentelemetry-js/blob/main/packages/opentelemetry-core/src/trace/suppress-tracing.ts
const SUPPRESSED = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** The context without further spans: an instrumentation of node:http would make a second span and a second header of a call. */
export function suppressed(of: Context): Context {
  return of.setValue(SUPPRESSED, true)
}

/** The context of a span in which it was started: the one that is active, if it has a span. */
export function activeOr(other: Context | undefined): Context {
  const active = context.active()
  return other === undefined || trace.getSpan(active) ? active : other
}

/** Marks a span as failed. Only the kind of the error: its message may quote a payload. */
export function markFailed(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}

// Ids and topics come from the network.
const LONGEST = 200

/** An attribute's value of bounded length. */
export function short(text: string): string {
  return text.length > LONGEST ? text.slice(0, LONGEST) : text
}

/** Milliseconds since 1970 as OpenTelemetry's pair of seconds and nanoseconds, with their fraction. */
export function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.floor((ms - seconds * 1000) * 1e6)]
}
