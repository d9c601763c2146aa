import { createNoopMeter, metrics, type Meter, type Tracer } from '@opentelemetry/api'
import { unknownOptions, type Observer } from '@postern/core'
import { createAttemptSpans } from './attempt-spans.ts'
import { createDeliverySpans } from './delivery-spans.ts'
import { inTrace } from './in-trace.ts'
import { joinWhenReady, type ObserverPart } from './join.ts'
import { observeMetrics } from './metrics.ts'
import { globalTracer } from './tracing.ts'

/** Options of {@link otel}. */
export interface OtelOptions {
  /**
   * Makes the spans; false for none. @default the global tracer provider's `postern`, if an SDK is registered within a
   * minute after the receiver was made
   */
  readonly tracer?: Tracer | false
  /** Records the metrics; false for none. @default the global meter provider's `postern`, likewise */
  readonly meter?: Meter | false
  /**
   * Takes the sender's `traceparent` as the parent of `receive`, if no span is active. Only for senders of your own: the
   * header is not signed, and it decides the trace's id and whether it is sampled. @default false, a link
   */
  readonly trustSender?: boolean
  /**
   * Attempts are children of `send`, in the trace of the delivery. Such a trace lasts as long as retries do: hours or
   * days. @default false, a trace for each attempt with a link
   */
  readonly sameTrace?: boolean
  /** Records message and stack of what handlers throw: they may quote a payload. @default false, the error's name */
  readonly exceptions?: boolean
}

/** An observer that makes spans and metrics. */
export interface Otel extends Observer {
  /**
   * Wraps an observer, such as a logger: each call runs inside the span of its delivery or attempt, so that a logger's
   * trace correlation finds it.
   */
  inTrace(observer: Observer): Observer
}

/**
 * Makes the observer for OpenTelemetry. Spans: `receive <receiver>` with the steps of a delivery as events, `send <receiver>`
 * when events are stored, `process <receiver>` for each attempt, linked to `send` through the stored trace context, and
 * one for each HTTP call of `forward`. Handlers run inside their span. Metrics: those of {@link INSTRUMENTS}. Without an
 * SDK it does nothing. No attribute has a payload, a secret or a header.
 *
 * @example
 * const telemetry = otel()
 * createReceiver({ provider, observers: [telemetry], log: telemetry.inTrace(structuredLogger(write)) })
 */
export function otel(options: OtelOptions = {}): Otel {
  unknownOptions('otel', options, OPTIONS)
  const { tracer, meter, trustSender = false, sameTrace = false, exceptions = false } = options
  checkPart('tracer', tracer, 'startSpan', "trace.getTracer('postern')")
  checkPart('meter', meter, 'createCounter', "metrics.getMeter('postern')")
  for (const [name, value] of Object.entries({ trustSender, sameTrace, exceptions }))
    if (typeof value !== 'boolean')
      throw new TypeError(`otel: ${name} must be true or false, got ${String(value)}`)
  const findMeter = meter === undefined ? globalMeter() : () => meter || undefined
  const tracing = {
    tracer: tracer === undefined ? globalTracer() : () => tracer || undefined,
    trustSender,
    sameTrace,
    exceptions,
  }
  const deliveries = createDeliverySpans(tracing)
  const attempts = createAttemptSpans(tracing)
  const parts: readonly ObserverPart[] = [
    {
      ready: () => tracing.tracer() !== undefined,
      observer: { ...deliveries.observer, ...attempts.observer },
    },
    { ready: () => findMeter() !== undefined, observer: observeMetrics(findMeter) },
  ]
  return {
    // An observer that hears of each step costs some microseconds, even if it does nothing.
    attached: (receiver) => joinWhenReady(receiver, parts),
    inTrace: (observer) =>
      inTrace(observer, { ofRequest: deliveries.contextOf, ofAttempt: attempts.contextOf }),
  }
}

const OPTIONS: readonly (keyof OtelOptions)[] = [
  'tracer',
  'meter',
  'trustSender',
  'sameTrace',
  'exceptions',
]

/** The meter of the global provider, as soon as an SDK is registered: one that was asked for before never records. */
function globalMeter(): () => Meter | undefined {
  const noop = createNoopMeter()
  let from: unknown
  let meter: Meter | undefined
  return () => {
    const provider = metrics.getMeterProvider()
    if (provider === from) return meter
    from = provider
    const found = provider.getMeter('postern')
    return (meter = found === noop ? undefined : found)
  }
}

function checkPart(name: string, given: unknown, method: string, remedy: string): void {
  if (given === undefined || given === false) return
  if (typeof (given as Record<string, unknown> | null)?.[method] !== 'function')
    throw new TypeError(`otel: ${name} has no ${method}; give ${remedy}, or false for none`)
}
